import Bytes
import GlanceClient
import Glibc

extension Invocation {
    /// The server that is to be asked.
    func client() throws(CommandError) -> GlanceClient {
        let settings = try ClientSettings(self)
        console.server = settings.url
        var given = GlanceClient.Settings()
        given.caFile = settings.caFile
        given.credentials = try credentials(settings)
        let ready = given
        return try asking { () throws(GlanceError) in try GlanceClient(url: settings.url, settings: ready) }
    }

    private func credentials(_ settings: ClientSettings) throws(CommandError) -> Credentials? {
        let user = settings[.user]
        if let path = settings.passwordFile {
            guard let user else {
                throw .usage("there is a password file and no user: give --user, GLANCE_USER or the line user")
            }
            let text = try secrets(path, "password file")
            return try known(user, String(text.prefix { !$0.isNewline }))
        }
        if let found = try netrcCredentials(settings, user: user) { return try known(found.user, found.password) }
        guard let user else { return nil }
        throw .usage(
            "there is no password of \(user): give a file that has it with --password-file or GLANCE_PASSWORD_FILE, or put the server into ~/.netrc"
        )
    }

    private func known(_ user: String, _ password: String) throws(CommandError) -> Credentials {
        guard let credentials = Credentials(user: user, password: password) else {
            throw .usage("the user or the password cannot be sent: no “:” in the user, no control characters in either")
        }
        return credentials
    }

    private func netrcCredentials(
        _ settings: ClientSettings, user: String?
    ) throws(CommandError) -> (user: String, password: String)? {
        guard let (path, isNamed) = settings.netrc, isNamed || access(path, F_OK) == 0 else { return nil }
        guard let host = hostName(settings.url) else { return nil }
        return Netrc(try secrets(path, "netrc file")).credentials(host: host, user: user)
    }

    /// The text of a file with passwords. One that others may read is taken, but not without a word.
    private func secrets(_ path: String, _ what: String) throws(CommandError) -> String {
        do throws(PosixError) {
            let file = try FileDescriptor(opening: path, flags: O_RDONLY)
            var facts = stat()
            if fstat(file.number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_mode & 0o077 != 0 {
                console.say("warning: others may read \(path): chmod 600 \(shellQuoted(path))")
            }
            return try text(of: file)
        } catch {
            throw .usage("the \(what) cannot be read: \(error)")
        }
    }

    /// From its start to its end; a pipe will do.
    private func text(of file: borrowing FileDescriptor) throws(PosixError) -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = read(file.number, &piece, piece.count)
            guard count >= 0 else { throw PosixError("read") }
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The host in a URL, without brackets; nil where there is none.
func hostName(_ url: String) -> String? {
    guard let scheme = url.firstRange(of: "://") else { return nil }
    let authority = url[scheme.upperBound...].prefix { $0 != "/" }
    let host = authority.hasPrefix("[") ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
    return host.isEmpty ? nil : String(host)
}
