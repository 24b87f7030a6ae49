import Bytes
import Dispatch
import Glibc
import HTTPClient
import Sockets
import Synchronization

/// A server on a port of the loopback address that plays one script a connection, in the order in which they come, and
/// takes no more connections than it has scripts.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (ScriptedPeer) throws -> Void

    let url: ServerURL
    private let door: Door
    private let stories: [ThreadBeside<[String]>]

    init(_ scripts: Script...) throws {
        let (door, url) = try Self.open()
        (self.door, self.url) = (door, url)
        stories = [ThreadBeside { scripts.compactMap { door.play($0) } }]
    }

    /// A server that plays the same script on up to `connections` connections at the same time.
    init(connections: Int, each script: @escaping Script) throws {
        let (door, url) = try Self.open()
        (self.door, self.url) = (door, url)
        stories = (0..<connections).map { _ in ThreadBeside { [door.play(script)].compactMap(\.self) } }
    }

    private static func open() throws -> (Door, ServerURL) {
        let door = Door(listener: try Listener(.tcp(host: "127.0.0.1", port: 0)))
        guard let url = ServerURL("http://127.0.0.1:\(localPort(door.listener.number))") else {
            throw StreamError.closed
        }
        return (door, url)
    }

    /// What was read on each connection that was accepted. To be called once, when nobody connects any more.
    func story() -> [String] {
        _ = shutdown(door.listener.number, Int32(SHUT_RDWR))
        return stories.flatMap { $0.value() ?? ["<no end>"] }
    }

    /// Waits until a script says so, or has ended.
    func waitForPeer() { door.toTest.waitForIt() }

    /// Lets a script go on that waits for the test.
    func tell() { door.toPeer.signal() }
}

/// What the threads of a server share.
private final class Door: Sendable {
    let listener: Listener
    let toTest = DispatchSemaphore(value: 0)
    let toPeer = DispatchSemaphore(value: 0)

    init(listener: consuming Listener) {
        self.listener = listener
        self.listener.setAcceptSeconds(50)
    }

    /// Nil once nobody connects any more. The connection is closed behind its script.
    func play(_ script: ScriptedServer.Script) -> String? {
        guard let connection = try? listener.accept() else { return nil }
        let peer = ScriptedPeer(connection, toTest: toTest, toPeer: toPeer)
        do { try script(peer) } catch { peer.note("<\(error)>") }
        peer.close()
        toTest.signal()
        return peer.story
    }
}

/// The server's end of one connection. What it reads becomes its story.
final class ScriptedPeer {
    private(set) var story = ""
    /// As the last request named it.
    private(set) var host = ""
    private var connection: Connection?
    private let toTest: DispatchSemaphore
    private let toPeer: DispatchSemaphore

    init(_ connection: Connection, toTest: DispatchSemaphore, toPeer: DispatchSemaphore) {
        self.connection = connection
        self.toTest = toTest
        self.toPeer = toPeer
        connection.idleSeconds = 50
        // What is sent in pieces arrives in pieces.
        setNumber(connection.number, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
    }

    /// Reads up to the blank line behind a request's fields, and notes the lines without those that every request has.
    func readHead() throws {
        var text = ""
        while !text.hasSuffix("\r\n\r\n") { text += try read(1) }
        let all = text.split(separator: "\r\n")
        host = all.first { $0.hasPrefix("Host: ") }.map { String($0.dropFirst("Host: ".count)) } ?? ""
        let lines = all.filter { !$0.hasPrefix("Host: ") && !$0.hasPrefix("User-Agent: ") }
        note("[\(lines.joined(separator: "|"))]")
    }

    /// Reads and notes so many bytes.
    func readBody(_ count: Int) throws { note(try read(count)) }

    /// Reads so many bytes and notes only how many.
    func skim(_ count: Int) throws { note("<\(try read(count).utf8.count) bytes>") }

    /// Reads and notes what comes until the client closes or resets the connection.
    func readToEnd() throws {
        do { while true { note(try read(1)) } } catch StreamError.closed { note("<gone>") }
    }

    /// Reads until the client closes or resets the connection, and notes that alone.
    func skimToEnd() throws {
        let chunk = Chunk()
        do { while let connection, try connection.read(into: chunk.bytes) > 0 {} } catch StreamError.closed {}
        note("<gone>")
    }

    /// Whether the client closes within this time, all that it has sent being read or not.
    func isGone(withinMilliseconds milliseconds: Int32) -> Bool {
        guard let connection else { return true }
        // POLLRDHUP, which the Glibc module does not import.
        var waited = pollfd(fd: connection.number, events: 0x2000, revents: 0)
        return poll(&waited, 1, milliseconds) > 0
    }

    /// Whether the client has sent more than was read within a moment.
    var hasInput: Bool {
        guard let connection else { return false }
        var waited = pollfd(fd: connection.number, events: Int16(POLLIN), revents: 0)
        return poll(&waited, 1, 100) > 0
    }

    /// Waits until the client's host has all that was sent, the end included (tcp(7), SIOCOUTQ).
    func waitUntilArrived() throws {
        guard let connection else { return }
        var count: Int32 = 0
        let deadline = Deadline(seconds: 50)
        repeat {
            guard ioctl(connection.number, UInt(TIOCOUTQ), &count) == 0, !deadline.isPast else {
                throw StreamError.timedOut
            }
        } while count > 0
    }

    func send(_ text: String) throws { try Array(text.utf8).withUnsafeBytes { try connection?.write($0) } }

    /// Sends the same text again and again, for as long as anybody takes it, but no more than 16 MiB.
    func sendForEver(_ text: String) {
        let block = String(repeating: text, count: (1 << 16) / text.utf8.count)
        for _ in 0..<256 { guard (try? send(block)) != nil else { return } }
    }

    /// Sends blanks until nobody has taken any for a second, or so many are sent; how many were.
    func sendUntilStuck(bytesMax: Int) throws -> Int {
        let blanks = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 16)
        var sent = 0
        while let connection, sent < bytesMax {
            if let count = try blanks.withUnsafeBytes(connection.writeNow) {
                sent += count
            } else {
                var waited = pollfd(fd: connection.number, events: Int16(POLLOUT), revents: 0)
                if poll(&waited, 1, 1000) == 0 { break }
            }
        }
        return sent
    }

    func answer(_ body: String, status: Int = 200, _ fields: String = "") throws {
        try send("HTTP/1.1 \(status) x\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Lets the test go on that waits for its peer.
    func tell() { toTest.signal() }

    func waitForTest() { toPeer.waitForIt() }

    /// Lets another peer go on that waits for the test.
    func wakeAnother() { toPeer.signal() }

    func note(_ text: String) { story += text }

    func close() { connection = nil }

    /// Closes so that the client sees a reset and no end.
    func reset() {
        guard let connection else { return }
        setNumber(connection.number, SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        close()
    }

    /// Ends this direction, while the client may go on sending.
    func finishWriting() { connection?.finishWriting() }

    private func read(_ count: Int) throws -> String {
        let chunk = Chunk(count: min(count, 1 << 16))
        var bytes: [UInt8] = []
        while bytes.count < count {
            let room = UnsafeMutableRawBufferPointer(rebasing: chunk.bytes.prefix(count - bytes.count))
            guard let connection, case let got = try connection.read(into: room), got > 0 else {
                note(String(decoding: bytes, as: UTF8.self))
                throw StreamError.closed
            }
            bytes += room[..<got]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A port that is taken and where nobody accepts.
final class DeafServer {
    let url: ServerURL
    private let descriptors: [FileDescriptorOwner]

    /// Whoever connects is refused, or hears nothing because the listener's queue is full.
    init(refuses: Bool) throws {
        let listener = FileDescriptorOwner(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        try Self.bind(listener.number)
        guard let url = ServerURL("http://127.0.0.1:\(localPort(listener.number))") else { throw StreamError.closed }
        self.url = url
        var descriptors = [listener]
        if !refuses {
            guard listen(listener.number, 0) == 0 else { throw PosixError("listen") }
            // One more than its backlog is let in; those behind it wait.
            for _ in 0..<4 { descriptors.append(Self.connecting(to: listener.number)) }
        }
        self.descriptors = descriptors
    }

    private static func bind(_ number: Int32) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        guard withAddress(&address, { Glibc.bind(number, $0, $1) }) == 0 else { throw PosixError("bind") }
    }

    private static func connecting(to listener: Int32) -> FileDescriptorOwner {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = localAddress(listener)
        _ = withAddress(&address) { connect(number, $0, $1) }
        return FileDescriptorOwner(number)
    }
}

/// A descriptor that can stand in an array.
final class FileDescriptorOwner {
    private let descriptor: FileDescriptor

    init(_ number: Int32) {
        descriptor = FileDescriptor(owning: number)
    }

    var number: Int32 { descriptor.number }
}

extension DispatchSemaphore {
    /// Gives up after a while: then the test fails by what is missing.
    fileprivate func waitForIt() { _ = wait(timeout: .now() + 50) }
}

private func withAddress(
    _ address: inout sockaddr_in, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
    withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

private func localAddress(_ number: Int32) -> sockaddr_in {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &size) }
    }
    return address
}

private func localPort(_ number: Int32) -> UInt16 { UInt16(bigEndian: localAddress(number).sin_port) }

private func setNumber<Value: BitwiseCopyable>(_ number: Int32, _ level: Int32, _ name: Int32, _ value: Value) {
    var value = value
    _ = setsockopt(number, level, name, &value, socklen_t(MemoryLayout<Value>.size))
}
