import FoundationEssentials
import Synchronization
import Testing

/// Another maker's image service, as the documentation of December 2010 describes it and no further: it counts no
/// versions, knows neither filters nor limits nor markers, and lists public images alone.
final class Stranger: Sendable {
    struct Image: Sendable {
        let id: String
        var name = ""
        var type = ""
        var size = "0"
        var isPublic = false
        var properties: [String: String] = [:]
    }

    /// What it does with a request.
    enum Deed: Sendable {
        case asAlways
        case answer(LoopbackServer.Answer)
        /// Ends the connection.
        case hangUp
    }

    typealias Meddling = @Sendable (LoopbackServer.Question, _ asAlways: () -> LoopbackServer.Answer) -> Deed

    private struct State {
        /// In the order of adding.
        var images: [Image] = []
        var lastNumber = 0
    }

    private let state = Mutex(State())
    private let meddling = Mutex<Meddling?>(nil)
    private let server = Mutex<LoopbackServer?>(nil)

    init() throws {
        let server = try LoopbackServer { [weak self] question in self?.meddledAnswer(question) }
        self.server.withLock { $0 = server }
    }

    var url: String { "http://127.0.0.1:\(server.withLock { $0?.port ?? 0 })" }

    var images: [Image] { state.withLock { $0.images } }

    /// Adds one that it was not asked for.
    func keep(_ image: Image) { state.withLock { $0.images.append(image) } }

    func forgetEverything() { state.withLock { $0.images = [] } }

    func meddle(_ meddling: Meddling?) { self.meddling.withLock { $0 = meddling } }

    func stop() { server.withLock { $0 }?.stop() }

    private func meddledAnswer(_ question: LoopbackServer.Question) -> LoopbackServer.Answer? {
        guard let meddling = meddling.withLock({ $0 }) else { return answer(question) }
        switch meddling(question, { self.answer(question) }) {
        case .asAlways: return answer(question)
        case .answer(let answer): return answer
        case .hangUp: return nil
        }
    }

    private func answer(_ question: LoopbackServer.Question) -> LoopbackServer.Answer {
        let parts = question.path.split(separator: "/").map(String.init)
        guard parts.first == "images", parts.count <= 2 else { return LoopbackServer.Answer(status: 404) }
        return state.withLock { state in
            switch (question.method, parts.count == 2 ? parts[1] : nil) {
            case ("GET", nil), ("GET", "detail"): list(state)
            case ("POST", nil): add(question, to: &state)
            case (let method, let id?): one(method, id, question, in: &state)
            default: LoopbackServer.Answer(status: 405)
            }
        }
    }

    private func list(_ state: State) -> LoopbackServer.Answer {
        json(["images": state.images.filter(\.isPublic).map(described)])
    }

    private func add(_ question: LoopbackServer.Question, to state: inout State) -> LoopbackServer.Answer {
        var image = Image(id: question.fields["x-image-meta-id"] ?? nextNumber(&state))
        guard !state.images.contains(where: { $0.id == image.id }) else { return LoopbackServer.Answer(status: 409) }
        take(question, into: &image)
        state.images.append(image)
        return json(["image": described(image)])
    }

    private func nextNumber(_ state: inout State) -> String {
        repeat { state.lastNumber += 1 } while state.images.contains { $0.id == "\(state.lastNumber)" }
        return "\(state.lastNumber)"
    }

    private func one(
        _ method: String, _ id: String, _ question: LoopbackServer.Question, in state: inout State
    ) -> LoopbackServer.Answer {
        guard let place = state.images.firstIndex(where: { $0.id == id }) else {
            return LoopbackServer.Answer(status: 404)
        }
        switch method {
        case "HEAD": return headers(of: state.images[place])
        case "PUT":
            take(question, into: &state.images[place])
            return json(["image": described(state.images[place])])
        case "DELETE":
            state.images.remove(at: place)
            return LoopbackServer.Answer()
        default: return LoopbackServer.Answer(status: 405)
        }
    }

    private func take(_ question: LoopbackServer.Question, into image: inout Image) {
        func field(_ name: String) -> String? { question.fields["x-image-meta-\(name)"] }
        image.name = field("name") ?? image.name
        image.type = field("type") ?? image.type
        image.size = field("size") ?? image.size
        image.isPublic = field("is_public").map { $0 == "True" } ?? image.isPublic
        if question.fields["x-glance-registry-purge-props"] == "true" { image.properties = [:] }
        let prefix = "x-image-meta-property-"
        for (name, value) in question.fields where name.hasPrefix(prefix) {
            image.properties[String(name.dropFirst(prefix.count))] = value
        }
    }

    // MARK: How it describes an image

    private static let date = "2010-12-01 12:00:00"

    private func headers(of image: Image) -> LoopbackServer.Answer {
        var answer = LoopbackServer.Answer()
        let fields = [
            "uri": "\(url)/images/\(image.id)", "name": image.name, "type": image.type, "size": image.size,
            "store": "file", "status": "available", "created_at": Self.date, "updated_at": Self.date, "deleted_at": "",
            "is_public": image.isPublic ? "True" : "False",
        ]
        answer.fields = fields.map { ("x-image-meta-\($0.key)", $0.value) }
        answer.fields += image.properties.map { ("x-image-meta-property-\($0.key)", $0.value) }
        return answer
    }

    private struct Description: Encodable {
        let uri, name, type, size: String
        let store = "file"
        let status = "available"
        let createdAt = Stranger.date
        let updatedAt = Stranger.date
        let deletedAt = ""
        let isPublic: Bool
        let properties: [String: String]
    }

    private func described(_ image: Image) -> Description {
        Description(
            uri: "\(url)/images/\(image.id)", name: image.name, type: image.type, size: image.size,
            isPublic: image.isPublic, properties: image.properties)
    }

    private func json(_ value: some Encodable) -> LoopbackServer.Answer {
        var answer = LoopbackServer.Answer()
        answer.fields = [("Content-Type", "application/json")]
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        answer.body = Array((try? encoder.encode(value)) ?? Data())
        return answer
    }
}

/// The running test's stranger.
enum StrangerUnderTest {
    private static let strangers = Mutex<[String: Stranger]>([:])

    static func stranger() throws -> Stranger {
        let test = ScratchDirectory.path
        if let known = strangers.withLock({ $0[test] }) { return known }
        let stranger = try Stranger()
        strangers.withLock { $0[test] = stranger }
        return stranger
    }

    static func giveBack() {
        strangers.withLock { $0.removeValue(forKey: ScratchDirectory.path) }?.stop()
    }
}
