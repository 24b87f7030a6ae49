import Sockets
import SystemLibrary

/// The way by which libssl reaches a connection (bio(7ssl)). Its own BIO for sockets would call write(2), which raises
/// SIGPIPE once the peer is gone, and would need a socket that never waits.
extension OpenSSL {
    /// A BIO over `connection`, which has to live for longer.
    func newBIO(over connection: Connection) -> BIO? {
        let bio = newBIO(connectionMethod)
        setBIOData(bio, Unmanaged.passUnretained(connection).toOpaque())
        return bio
    }

    /// The table of functions that such a BIO is made of (BIO_meth_new(3ssl)). It is never freed.
    static func newConnectionMethod(_ crypto: SystemLibrary) throws(SystemLibraryError) -> OpaquePointer? {
        let new: @convention(c) (Int32, UnsafePointer<CChar>?) -> OpaquePointer? = try crypto.function("BIO_meth_new")
        let setRead: @convention(c) (OpaquePointer?, Read?) -> Int32 = try crypto.function("BIO_meth_set_read")
        let setWrite: @convention(c) (OpaquePointer?, Write?) -> Int32 = try crypto.function("BIO_meth_set_write")
        let setControl: @convention(c) (OpaquePointer?, Control?) -> Int32 = try crypto.function("BIO_meth_set_ctrl")
        let method = new(typeOfSourceAndSink, "connection")
        _ = setRead(method) { bio, bytes, count in
            OpenSSL.exchange(bio, count, retry: OpenSSL.shouldRead) {
                try $0.readNow(into: UnsafeMutableRawBufferPointer(start: bytes, count: $1))
            }
        }
        _ = setWrite(method) { bio, bytes, count in
            OpenSSL.exchange(bio, count, retry: OpenSSL.shouldWrite) {
                try $0.writeNow(UnsafeRawBufferPointer(start: bytes, count: $1))
            }
        }
        // There is nothing to flush, which has to be said; and nothing else that could be asked for.
        _ = setControl(method) { _, command, _, _ in command == OpenSSL.controlFlush ? 1 : 0 }
        return method
    }

    /// Makes one call on the connection of `bio`. Where nothing can go through just now, the flags ask for another try.
    private static func exchange(
        _ bio: BIO?, _ count: Int32, retry: Int32, _ call: (Connection, Int) throws -> Int?
    ) -> Int32 {
        guard case .success(let openSSL) = loaded, let data = openSSL.bioData(bio) else { return -1 }
        openSSL.clearBIOFlags(bio, shouldRead | shouldWrite)
        do {
            if let moved = try call(Unmanaged<Connection>.fromOpaque(data).takeUnretainedValue(), Int(count)) {
                return Int32(moved)
            }
            openSSL.setBIOFlags(bio, retry)
        } catch {
            // Broken: without the flags, libssl reports it as it reports an end.
        }
        return -1
    }

    private typealias Read = @convention(c) (BIO?, UnsafeMutablePointer<CChar>?, Int32) -> Int32
    private typealias Write = @convention(c) (BIO?, UnsafePointer<CChar>?, Int32) -> Int32
    private typealias Control = @convention(c) (BIO?, Int32, Int, UnsafeMutableRawPointer?) -> Int

    /// BIO_TYPE_SOURCE_SINK.
    private static let typeOfSourceAndSink: Int32 = 0x0400
    /// BIO_CTRL_FLUSH.
    private static let controlFlush: Int32 = 11
    /// BIO_FLAGS_SHOULD_RETRY with BIO_FLAGS_READ, and with BIO_FLAGS_WRITE.
    private static let shouldRead: Int32 = 0x08 | 0x01
    private static let shouldWrite: Int32 = 0x08 | 0x02
}
