import GlanceClient
import GlanceModel

extension Command {
    static let show = Command(
        "show", "Shows what is known of images.",
        [Operand(name: "IMAGE", kind: .image, repeats: true)], [.json, .quiet],
        details: ["IMAGE is an id, a URI, or a name that only one image has."],
        examples: ["glance show 7", "glance show \"Ubuntu 10.04 Plain\"", "glance show 7 --json | jq -r .sha256"]
    ) { invocation throws(CommandError) in
        let client = try invocation.client()
        var isFirst = true
        try invocation.forEachOperand { text, _ throws(CommandError) in
            let image = try client.meant(by: text)
            if !isFirst, !invocation.has(.quiet), !invocation.has(.json) { try invocation.console.print("") }
            isFirst = false
            try invocation.show(image)
        }
    }

    static let delete = Command(
        "delete", "Removes images and their data.",
        [Operand(name: "ID", kind: .image, repeats: true)], [.ifVersion],
        details: [
            "ID is an id, never a name and never a URI: what is deleted does not come back.",
            "The id of an image that had data is never given again.",
        ],
        examples: ["glance delete 7", "glance delete 7 --if-version 2"]
    ) { invocation throws(CommandError) in
        let client = try invocation.client()
        try invocation.forEachOperand { id, _ throws(CommandError) in
            let id = try changeable(id)
            try changing { () throws(GlanceError) in try client.delete(id, version: invocation.number(.ifVersion)) }
        }
    }
}

extension Invocation {
    /// Does `body` for each of several images, whatever becomes of the others; ends with the first failure's status.
    func forEachOperand(_ body: (_ operand: String, _ place: Int) throws(CommandError) -> Void) throws(CommandError) {
        var status: ExitStatus?
        for (place, operand) in operands.enumerated() {
            do throws(CommandError) {
                try body(operand, place)
            } catch {
                guard operands.count > 1 else { throw error }
                if case .outputClosed = error { throw error }
                // What was printed before comes before it.
                try console.flush()
                if let line = error.line(server: console.server) { console.complain(line) }
                if status == nil { status = error.status }
            }
        }
        if let status { throw .told(status) }
    }
}

/// Does what changes an image. Whoever looked it up by its name may take that for its id.
func changing<Value>(_ body: () throws(GlanceError) -> Value) throws(CommandError) -> Value {
    do throws(GlanceError) {
        return try body()
    } catch {
        guard case .notFound = error else { throw .glance(error) }
        throw .glance(error, advice: "A name will not do here: glance list shows the ids.")
    }
}

/// An image that is to be changed, which only its id names: a URI may be meant for another server than the one that is asked.
func changeable(_ text: String) throws(CommandError) -> String {
    guard ImageID(text) == nil else { return text }
    // What was typed before an @ may be a password.
    let shown = text.contains("@") ? "…" : text
    throw .usage("“\(shown)” is no id: images are changed by their ids alone, which glance list shows")
}
