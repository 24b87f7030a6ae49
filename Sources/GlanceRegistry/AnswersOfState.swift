import GlanceModel
import Synchronization

/// Answers of a registry by their questions, all of one state: with the first one of another they are forgotten. A service
/// is asked for the same few images and lists again and again, and to read them costs more than to write them out.
final class AnswersOfState<State: Equatable & Sendable, Answer: Sendable>: Sendable {
    fileprivate struct Known {
        var state: State?
        var answers: [String: Answer] = [:]
        var bytes = 0
    }

    private let bytesMax: Int
    private let known = Mutex(Known())

    init(bytesMax: Int = 2 << 20) {
        self.bytesMax = bytesMax
    }

    /// What is known, and the state at which it was so.
    subscript(_ question: String) -> (answer: Answer, state: State)? {
        known.withLock { known in
            guard let answer = known.answers[question], let state = known.state else { return nil }
            return (answer, state)
        }
    }

    /// `bytes` of memory is what the answer takes, more or less. Without a state nothing is kept.
    func keep(_ answer: Answer, of question: String, at state: State?, bytes: Int) {
        extend(question, at: state, bytesMax: bytes) { known in
            defer { known = answer }
            return known == nil ? bytes : 0
        }
    }

    /// Keeps what `body` makes of what is known. It returns how many bytes of memory that takes besides, at most `bytes`.
    func extend(_ question: String, at state: State?, bytesMax bytes: Int, _ body: (inout Answer?) -> Int) {
        guard let state, bytes + Self.entryBytes(question) <= bytesMax else { return }
        // What is forgotten is freed when others may read again.
        let forgotten = known.withLock { known -> [Known] in
            var forgotten: [Known] = []
            if known.state != state { forgotten.append(known.exchange(at: state)) }
            known.extend(question, body)
            if known.bytes > bytesMax {
                forgotten.append(known.exchange(at: state))
                known.extend(question, body)
            }
            return forgotten
        }
        withExtendedLifetime(forgotten) {}
    }
}

extension AnswersOfState.Known {
    /// Begins anew; returns what was known.
    fileprivate mutating func exchange(at state: State) -> Self {
        defer { self = Self(state: state) }
        return self
    }

    fileprivate mutating func extend(_ question: String, _ body: (inout Answer?) -> Int) {
        if answers[question] == nil { bytes += AnswersOfState.entryBytes(question) }
        bytes += body(&answers[question])
    }
}

extension AnswersOfState {
    /// What an answer takes besides: a list may have no images.
    fileprivate static func entryBytes(_ question: String) -> Int { question.utf8.count + 256 }
}

extension Image {
    /// What it takes, more or less.
    var bytesInMemory: Int {
        let texts = properties.pairs.reduce(name.text.utf8.count + owner.utf8.count) {
            $0 + $1.key.utf8.count + $1.value.utf8.count
        }
        return 1024 + 64 * properties.pairs.count + texts
    }
}
