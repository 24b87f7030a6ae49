import Bytes
import HTTP
import Testing

@testable import SCGI
@testable import Sockets

@Suite struct SCGIExchangeTests {
    private let connection: Connection
    private let peer: SocketPeer

    init() throws {
        (connection, peer) = try SocketPeer.pair()
    }

    @Test func `a request arrives as a value`() throws {
        peer.send(
            scgiBlock([
                "SCGI": "1", "REQUEST_METHOD": "PUT", "REQUEST_URI": "/images/7?a=b", "REQUEST_SCHEME": "https",
                "SERVER_ADDR": "10.0.0.1", "SERVER_PORT": "9292", "LISTENER": "health", "REQUEST_ID": "r-1",
                "BODY_LENGTH": "", "CONTENT_TYPE": "application/json", "HTTP_X_IMAGE_META_NAME": "disk",
            ]))

        let request = try exchange().readRequest()

        #expect(request.method == .put)
        #expect(request.target == RequestTarget("/images/7?a=b"))
        #expect(request.headers["x-image-meta-name"] == "disk")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.bodyLength == nil)
        #expect(request.listener == .health)
        #expect(
            [request.scheme, request.serverAddress, request.serverPort, request.id]
                == ["https", "10.0.0.1", "9292", "r-1"])
    }

    @Test func `what a client writes decides nothing but header fields`() throws {
        peer.send(
            scgiBlock([
                "SCGI": "1", "REQUEST_METHOD": "GET", "REQUEST_URI": "/", "REQUEST_SCHEME": "http", "BODY_LENGTH": "2",
                "HTTP_BODY_LENGTH": "9", "HTTP_CONTENT_LENGTH": "9", "HTTP_REQUEST_METHOD": "DELETE",
                "HTTP_REQUEST_SCHEME": "https", "HTTP_LISTENER": "health", "HTTP_SERVER_ADDR": "127.0.0.1",
            ]))

        let request = try exchange().readRequest()

        #expect(request.bodyLength == 2)
        #expect(request.method == .get)
        #expect(request.scheme == "http")
        #expect(request.listener == .public)
        #expect(request.serverAddress == "")
        #expect(request.headers["content-length"] == "9")
    }

    @Test func `a header that is no UTF-8 is marked, and one that holds U+FFFD is not`() throws {
        let variables = "SCGI\u{0}1\u{0}BODY_LENGTH\u{0}\u{0}HTTP_GOOD\u{0}\u{FFFD}\u{0}HTTP_BAD\u{0}"
        let block = Array(variables.utf8) + [0xFF, 0]
        peer.send(Array("\(block.count):".utf8) + block + Array(",".utf8))

        let headers = try exchange().readRequest().headers

        #expect(headers.fields.map(\.value) == ["\u{FFFD}", "\u{FFFD}"])
        #expect(headers.fields.map(\.isUTF8) == [true, false])
    }

    @Test func `a body is read to BODY_LENGTH, whatever CONTENT_LENGTH says`() throws {
        peer.send(upload(contentLength: "3", bodyLength: "10") + Array("0123456789and more".utf8))

        let request = try exchange().readRequest()

        #expect(request.bodyLength == 10)
        #expect(try text(of: request.body) == "0123456789")
    }

    @Test func `a body goes on where the piece with the header ended`() throws {
        peer.send(upload(bodyLength: "10") + Array("012".utf8))
        let request = try exchange().readRequest()

        peer.send("3456789".utf8)

        #expect(try text(of: request.body, chunk: Chunk(count: 4)) == "0123456789")
    }

    @Test func `a block without BODY_LENGTH is a defect that can be answered`() throws {
        peer.send(scgiBlock(["SCGI": "1", "CONTENT_LENGTH": "3"]))

        #expect(throws: SCGIDefect.badBodyLength) { try exchange().readRequest() }
    }

    @Test(arguments: ["", "3", "70:SCGI\u{0}1"])
    func `a peer that closes before there is a request is gone`(start: String) throws {
        peer.send(start.utf8)
        peer.finishWriting()

        #expect(throws: StreamError.closed) { try exchange().readRequest() }
    }

    @Test func `a peer that closes within the body leaves a broken body`() throws {
        peer.send(upload(bodyLength: "10") + Array("0123".utf8))
        peer.finishWriting()
        let request = try exchange().readRequest()

        #expect(throws: StreamError.closed) { try text(of: request.body) }
    }

    @Test func `a peer that says nothing is given up`() throws {
        var limits = SCGIExchange.Limits()
        limits.requestSecondsMax = 1

        #expect(throws: StreamError.timedOut) { try exchange(limits).readRequest() }
    }

    @Test func `a peer that goes silent within the body is given up`() throws {
        var limits = SCGIExchange.Limits()
        limits.idleSecondsMax = 1
        peer.send(upload(bodyLength: "10") + Array("0123".utf8))
        let request = try exchange(limits).readRequest()

        #expect(throws: StreamError.timedOut) { try text(of: request.body) }
    }

    @Test func `a peer that sends its block in drops is given up once its time is over`() throws {
        var limits = SCGIExchange.Limits()
        limits.requestSecondsMax = 0
        peer.send("7".utf8)
        peer.finishWriting()

        #expect(throws: StreamError.timedOut) { try exchange(limits).readRequest() }
    }

    @Test func `a source that waits learns that its client has gone`() throws {
        peer.send(scgiBlock(["SCGI": "1", "CONTENT_LENGTH": "0", "BODY_LENGTH": ""]))
        let exchange = exchange()
        _ = try exchange.readRequest()
        let source = PatientSource { peer.hangUp() }

        #expect(throws: StreamError.closed) { try exchange.send(Response(.ok, body: .stream(source, length: 5))) }
        #expect(source.sawEnd)
    }

    private func exchange(_ limits: SCGIExchange.Limits = .init()) -> SCGIExchange {
        SCGIExchange(connection, limits: limits, chunk: Chunk())
    }

    private func upload(contentLength: String = "0", bodyLength: String) -> [UInt8] {
        scgiBlock(["CONTENT_LENGTH": contentLength, "SCGI": "1", "BODY_LENGTH": bodyLength])
    }

    private func text(of source: any ByteSource, chunk: Chunk = Chunk()) throws -> String {
        let sink = MemorySink()
        _ = try pump(source, into: sink, through: chunk)
        return String(decoding: sink.bytes, as: UTF8.self)
    }
}

/// Has nothing before its client has gone.
private final class PatientSource: WaitingSource {
    private let whenServed: () -> Void
    private var recipient: Recipient?
    private(set) var sawEnd = false

    init(whenServed: @escaping () -> Void) { self.whenServed = whenServed }

    func serve(_ recipient: Recipient) {
        self.recipient = recipient
        whenServed()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        sawEnd = recipient?.isGone(withinMilliseconds: 50_000) == true
        throw StreamError.closed
    }
}
