import GlanceModel
import Synchronization

/// What another service has answered at one state of its registry. As long as it is at that state the answers hold, and to
/// ask for the state takes a short answer, which many readers share; to read a list anew takes more than all the rest.
struct RemoteAnswers: Sendable {
    private let records = AnswersOfState<String, ImageRecord>()
    private let lists = AnswersOfState<String, [Image]>()
    private let question = SharedQuestion<Void, String?>()

    /// The record as it is now, by `read` unless it is known; `state` asks for what the registry is at.
    func record(
        _ id: ImageID, state: () throws(Failure) -> String?,
        read: () throws(Failure) -> (record: ImageRecord, state: String?)?
    ) throws(Failure) -> ImageRecord? {
        if let known = known(id.text, in: records, state) { return known }
        guard let (record, state) = try read() else { return nil }
        records.keep(record, of: id.text, at: state, bytes: record.image.bytesInMemory)
        return record
    }

    /// The images of a list as they are now; `query` is all that it depends on, in characters of ASCII.
    func images(
        _ query: String, state: () throws(Failure) -> String?,
        read: () throws(Failure) -> (images: [Image], state: String?)
    ) throws(Failure) -> [Image] {
        if let known = known(query, in: lists, state) { return known }
        let (images, state) = try read()
        lists.keep(images, of: query, at: state, bytes: images.reduce(0) { $0 + $1.bytesInMemory })
        return images
    }

    /// Nil too where the state cannot be had: whoever reads then learns why.
    private func known<Answer>(
        _ text: String, in answers: AnswersOfState<String, Answer>, _ state: () throws(Failure) -> String?
    ) -> Answer? {
        guard let (answer, then) = answers[text] else { return nil }
        let now = (try? question.ask(()) { _ throws(Failure) in try state() }) ?? nil
        return now == then ? answer : nil
    }
}
