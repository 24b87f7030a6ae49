import Bytes
import Glibc

/// Descriptors that a child of the supervisor finds open.
package enum ChildDescriptor {
    package static let listener: Int32 = 3
    package static let lifeline: Int32 = 4
    package static let page: Int32 = 5
    package static let settings: Int32 = 6
    /// Copies are made up here first, so that none is overwritten while the numbers above are filled.
    static let firstFree: Int32 = 16
}

/// A child process: this same program, started anew with other arguments. A fork without exec would take the state of
/// one thread only.
enum ChildProcess {
    /// Starts the program in `file`, which goes by `name`; each pair of `descriptors` is a descriptor of ours and the
    /// number that the child sees it as.
    static func start(
        _ file: String, name: String, arguments: [String], descriptors: [(ours: Int32, childs: Int32)]
    ) throws(PosixError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (index, pair) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, pair.ours, ChildDescriptor.firstFree + Int32(index))
        }
        for (index, pair) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, ChildDescriptor.firstFree + Int32(index), pair.childs)
            posix_spawn_file_actions_addclose(&actions, ChildDescriptor.firstFree + Int32(index))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = Signals.make([])
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var argv: [UnsafeMutablePointer<CChar>?] = ([name] + arguments).map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, file, &actions, &attributes, &argv, environ)
        guard code == 0 else { throw PosixError("start", name, code: code) }
        return pid
    }
}
