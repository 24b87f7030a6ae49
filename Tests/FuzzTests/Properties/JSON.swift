import GlanceModel
import GlanceWire

/// A JSON body says what its fields say when they are written out again, and a bad one is refused in tame words.
func checkJSON(_ bytes: [UInt8]) throws(FuzzFinding) {
    _ = ImageJSON.reported(bytes)
    _ = ImageJSON.reportedList(bytes)
    let draft: ImageDraft
    do throws(Failure) {
        draft = try ImageJSON.read(bytes).draft()
    } catch {
        return try checkTame(error)
    }
    try checkRoundTrip(image(draft))
    let again = ImageJSON.one(image(draft), uri: "http://x/images/1")
    guard var second = try? ImageJSON.read(again).draft() else { throw FuzzFinding("what was written is no JSON") }
    if draft.id == nil { second.id = nil }
    if draft.store == nil { second.store = nil }
    if draft.size == nil { second.size = nil }
    try require(second == draft, "a draft is another one when it is written")
}
