import GlanceModel
import Synchronization

/// Answers of a registry by their questions, all of one state: with the first one of another they are forgotten. A service
/// is asked for the same few images and lists again and again, and to read them costs more than to write them out.
final class AnswersOfState<State: Equatable & Sendable, Answer: Sendable>: Sendable {
    private struct Known {
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
        let bytes = bytes + question.utf8.count + Self.entryBytes
        guard let state, bytes <= bytesMax else { return }
        // What is forgotten is freed when others may read again.
        var forgotten: Known?
        known.withLock { known in
            if known.state != state || known.bytes + bytes > bytesMax {
                forgotten = known
                known = Known(state: state)
            }
            if known.answers.updateValue(answer, forKey: question) == nil { known.bytes += bytes }
        }
        _ = consume forgotten
    }

    /// What an answer takes besides: a list may have no images.
    private static var entryBytes: Int { 256 }
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
