import Glibc

/// A system call that failed: which one, on what, and the error number (errno(3)) with its words.
package struct PosixError: Error, Equatable, CustomStringConvertible {
    package let call: String
    package let subject: String
    package let code: Int32

    package init(_ call: String, _ subject: String = "", code: Int32 = errno) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    package var description: String {
        let words = String(cString: strerror(code))
        return subject.isEmpty ? "\(call): \(words)" : "\(call) \(subject): \(words)"
    }

    /// Whether the disk or the file system says that it has lost what was asked for; any other error is the moment's.
    package var isOfMedium: Bool { [EIO, EBADMSG, ENODATA, EUCLEAN].contains(code) }

    /// Whether this process or its host is short of something: no file is to blame.
    package var isOfHost: Bool { [EMFILE, ENFILE, ENOMEM].contains(code) }
}
