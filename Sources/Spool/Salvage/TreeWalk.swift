/// All records of one tree that can still be reached from its root.
struct TreeWalk {
    /// What was read, in the tree's order.
    private(set) var records: [TreeRecord] = []
    /// Pages that were looked at: each once, whatever points at them.
    private var reached: Set<Int> = []
    /// Pages on which nothing is broken, overflow pages too.
    private(set) var whole: Set<Int> = []
    /// Pages and cells that should be there and cannot be read.
    private(set) var brokenCount = 0

    /// Walks the tree below `root`; each page once, however the pages point at each other.
    init(root: Int, of image: PageImage) {
        var waiting = [root]
        var isTable: Bool?
        while let number = waiting.popLast() {
            guard reached.insert(number).inserted, let page = TreePage(number, of: image),
                page.kind.isTable == isTable ?? page.kind.isTable
            else {
                brokenCount += 1
                continue
            }
            isTable = page.kind.isTable
            records += page.records
            brokenCount += page.brokenCells
            if page.brokenCells == 0 {
                whole.insert(number)
                for record in page.records { whole.formUnion(record.overflowPages) }
            }
            waiting += page.children.reversed()
        }
    }

    /// True when nothing of the tree is missing.
    var isWhole: Bool { brokenCount == 0 }
}
