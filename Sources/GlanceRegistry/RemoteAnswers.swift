import GlanceModel

/// What another service has answered at one state of its registry. As long as it is at that state the answers hold, and to
/// ask for the state takes a short answer, which many readers share; to read a list anew takes more than all the rest.
struct RemoteAnswers: Sendable {
    private let records = AnswersOfState<String, RemoteRecord>()
    private let lists = AnswersOfState<String, ListLinks>()
    private let question = SharedQuestion<Void, String?>()

    /// The record as it is now, by `read` unless it is known; `state` asks for what the registry is at.
    func record(
        _ id: ImageID, state: () throws(Failure) -> String?,
        read: () throws(Failure) -> (record: RemoteRecord, state: String?)?
    ) throws(Failure) -> RemoteRecord? {
        if let (record, then) = records[id.text], isStill(then, state) { return record }
        guard let (record, state) = try read() else { return nil }
        records.keep(record, of: id.text, at: state, bytes: record.image.bytesInMemory)
        return record
    }

    /// The record as it was when it was last read here; nil where that is forgotten.
    func lastRead(_ id: ImageID) -> RemoteRecord? {
        records[id.text]?.answer
    }

    /// `count` images as they are now of the list that `query` names in characters of ASCII, behind `marker`; fewer where
    /// it ends.
    func images(
        _ query: String, behind marker: String?, count: Int, state: () throws(Failure) -> String?,
        read: () throws(Failure) -> (images: [Image], state: String?)
    ) throws(Failure) -> [Image] {
        if let (links, then) = lists[query], let images = links.images(behind: marker, count: count),
            isStill(then, state)
        {
            return images
        }
        let (images, state) = try read()
        let bytes = ListLinks.bytes(of: images)
        lists.extend(query, at: state, bytesMax: bytes) { known in
            // Taken out, so that it is changed where it is.
            var links = known.take() ?? ListLinks()
            defer { known = links }
            return links.add(images, behind: marker, isToTheEnd: images.count < count)
        }
        return images
    }

    /// False too where the state cannot be had: whoever reads then learns why.
    private func isStill(_ then: String, _ state: () throws(Failure) -> String?) -> Bool {
        (try? question.ask(()) { _ throws(Failure) in try state() }) == then
    }
}
