import Dispatch

/// Runs tasks on threads that no other task has.
///
/// For what has to answer a client within its patience: other tests can hold all threads that tasks
/// share for longer than that.
package final class TaskThreads: TaskExecutor {
    private let queue = DispatchQueue(label: "task threads", attributes: .concurrent)

    /// Threads that live as long as tasks need them.
    package init() {}

    /// Has a job run on one of them.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
