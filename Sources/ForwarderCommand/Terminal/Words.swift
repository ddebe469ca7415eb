/// Small pieces of what people read.
enum Words {
    /// `1 object`, `2 objects`.
    static func counted(_ count: Int, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
    }
}
