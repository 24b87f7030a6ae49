import Bytes
import Digest
import GlanceModel
import GlanceRegistry
import Glibc
import HTTPClient
import Sockets

/// What the service needs of its host: libraries, directories and their owners, room, and the time of day.
struct HostCheck {
    private let assembly: Assembly
    private var settings: Settings { assembly.settings }

    init(_ assembly: Assembly) {
        self.assembly = assembly
    }

    /// Of a registry that is a file.
    private var registryPath: String? {
        if case .sqlite(let path) = settings.registry { path } else { nil }
    }

    var findings: [DoctorFinding] {
        libraries + directories + secrets + gateway + room + clock
    }

    private var libraries: [DoctorFinding] {
        var missing: [String] = []
        do { try StreamDigest.load() } catch { missing.append("\(error)") }
        do {
            switch settings.registry {
            case .sqlite: try SQLiteRegistry.load()
            case .postgresql: try PostgreSQLRegistry.load()
            case .remote: break
            }
        } catch {
            missing.append(reason(error))
        }
        if asksByTLS {
            // With the certificates that others are trusted by.
            var client = HTTPClient.Settings()
            client.caFile = settings.caFile
            do { try HTTPClient(client).loadTLS() } catch { missing.append("\(error)") }
        }
        guard !missing.isEmpty else { return [.well("libraries", "those that it needs are there")] }
        return missing.map {
            .problem(
                "libraries", $0, why: "glance-api does not start without it", remedy: "apt-get install the package")
        }
    }

    /// Whether an `https` URL is among the settings.
    private var asksByTLS: Bool {
        var servers = [settings.swift?.authentication, settings.keystone?.server].compactMap(\.self)
        if case .remote(let url) = settings.registry { servers.append(url) }
        return servers.contains(where: \.isSecure)
    }

    /// The directories that something has to be written in, and what for.
    private var places: [(path: String, purpose: String)] {
        var places = registryPath.map { [(parent(of: $0), "registry")] } ?? []
        if settings.stores.contains(StoreName.file.text) {
            let isThere = access(settings.fileDirectory, F_OK) == 0
            places.append((isThere ? settings.fileDirectory : parent(of: settings.fileDirectory), "file_directory"))
        }
        // One that is there is systemd's, as a rule, and the service need not make it.
        if case .unix(let path) = settings.listen, access(path, F_OK) != 0 {
            places.append((parent(of: path), "listen"))
        }
        return places
    }

    private var directories: [DoctorFinding] {
        let user = String(cString: getpwuid(geteuid())?.pointee.pw_name ?? strdup("?"))
        return places.map { path, purpose in
            if access(path, F_OK) != 0 {
                return .problem(
                    purpose, "the directory \(path) is not there", why: "glance-api makes files in it, and not itself",
                    remedy: "mkdir -p \(path), and give it to the user that glance-api runs as")
            }
            guard access(path, R_OK | W_OK | X_OK) == 0 else {
                return .problem(
                    purpose, "\(user) may not write in \(path)", why: "glance-api makes files in it",
                    remedy: "chown the directory to the user that glance-api runs as; or call doctor as that user")
            }
            return .well(purpose, "\(user) may write in \(path)")
        }
    }

    private var secrets: [DoctorFinding] {
        var files = registryPath.map { [($0, "registry", "all private images' names are in it")] } ?? []
        if let path = settings.swift?.credentialsPath {
            files.append((path, "swift_credentials_file", "whoever has it may do everything with the images"))
        }
        return files.compactMap { path, subject, why in
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & 0o007 != 0 else { return nil }
            return .warning(
                subject, "everybody on this host may use \(path)", why: why, remedy: "chmod o-rwx \(path)")
        }
    }

    /// Whether nginx' group can pass to the images and the socket.
    private var gateway: [DoctorFinding] {
        let group: gid_t?
        do { group = try assembly.groupID() } catch {
            return [
                .problem(
                    "group", "\(error)", why: "nginx could neither use the socket nor send images",
                    remedy: "set group to the group that nginx runs as: www-data on Debian")
            ]
        }
        guard let group, settings.stores.contains(StoreName.file.text) else { return [] }
        let parts = settings.fileDirectory.split(separator: "/")
        for count in 1...parts.count {
            let path = "/" + parts.prefix(count).joined(separator: "/")
            var status = stat()
            guard stat(path, &status) == 0 else { break }
            let bit: mode_t = status.st_gid == group ? 0o010 : 0o001
            if status.st_mode & bit == 0 {
                return [
                    .problem(
                        "group", "the group \(settings.group) cannot pass through \(path)",
                        why: "nginx sends images itself, and would answer 500",
                        remedy: "chgrp \(settings.group) \(path) && chmod g+x \(path)")
                ]
            }
        }
        return [.well("group", "\(settings.group) can reach the images")]
    }

    private var room: [DoctorFinding] {
        var seen: Set<String> = []
        return places.filter { $0.purpose != "listen" && seen.insert($0.path).inserted }.compactMap { path, purpose in
            var status = statvfs()
            guard statvfs(path, &status) == 0 else { return nil }
            let free = Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
            // A file system that counts none has no bound (btrfs).
            if status.f_files > 0, status.f_favail < Self.inodesMin {
                return .problem(
                    purpose, "\(path) has room for \(status.f_favail) files more",
                    why: "each image is a file; without room for one uploads are refused",
                    remedy: "delete images, or make the file system with more inodes (mkfs -N)")
            }
            guard free > settings.freeBytesMin else {
                return .problem(
                    purpose, "\(path) has \(free) bytes free",
                    why: "free_bytes_min = \(settings.freeBytesMin): uploads are refused",
                    remedy: "delete images, or give the file system more room")
            }
            return .well(purpose, "\(path) has \(free) bytes free")
        }
    }

    private static let inodesMin: UInt = 1000

    private var clock: [DoctorFinding] {
        let isWrong = currentTime().seconds < Self.buildYearSeconds
        guard isWrong || !Self.isClockSynchronized else { return [.well("clock", "it is kept right")] }
        let finding = "the time of day is \(currentTime().text) UTC, and nobody keeps it right"
        let why = "created_at, If-Modified-Since, tokens and certificates go by it"
        let remedy = "apt-get install systemd-timesyncd, or chrony; see timedatectl"
        return [
            isWrong
                ? .problem("clock", finding, why: why, remedy: remedy)
                : .warning("clock", finding, why: why, remedy: remedy)
        ]
    }

    /// What the kernel says of it (adjtimex(2), which the Glibc module does not import); true where it says nothing.
    private static var isClockSynchronized: Bool {
        typealias Adjust = @convention(c) (UnsafeMutableRawPointer) -> Int32
        guard let symbol = dlsym(nil, "adjtimex") else { return true }
        let notSynchronized: Int32 = 5
        // More than a `struct timex` has; all zero asks and changes nothing.
        var state = [UInt64](repeating: 0, count: 64)
        return unsafeBitCast(symbol, to: Adjust.self)(&state) != notSynchronized
    }

    /// 2026-01-01: before this program was.
    private static let buildYearSeconds: Int64 = 1_767_225_600

    private func parent(of path: String) -> String {
        "/" + path.split(separator: "/").dropLast().joined(separator: "/")
    }
}
