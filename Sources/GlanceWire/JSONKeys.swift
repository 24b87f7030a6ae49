import FoundationEssentials

/// The first key that an object in `json` has twice; nil where none has. Foundation's decoder takes one of the two without
/// a word, and which of them the client meant nobody knows. `json` has been found to be valid, and UTF-8, before.
func repeatedKey(in json: [UInt8]) -> String? {
    /// The keys so far of each object that is open; nil stands for an array.
    var open: [Set<String>?] = []
    var isKeyNext = false
    var rest = json[...]
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "{"):
            open.append([])
            isKeyNext = true
        case UInt8(ascii: "["):
            open.append(nil)
            isKeyNext = false
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            _ = open.popLast()
        case UInt8(ascii: ","):
            isKeyNext = open.last != .some(nil)
        case UInt8(ascii: "\""):
            let text = takeString(&rest)
            guard isKeyNext, let last = open.indices.last else { continue }
            isKeyNext = false
            if open[last]?.insert(text).inserted == false { return text }
        default:
            continue
        }
    }
    return nil
}

/// The string whose opening quote has just been taken, its escapes undone.
private func takeString(_ rest: inout ArraySlice<UInt8>) -> String {
    var raw: [UInt8] = [UInt8(ascii: "\"")]
    while let byte = rest.popFirst() {
        raw.append(byte)
        if byte == UInt8(ascii: "\"") { break }
        if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() { raw.append(escaped) }
    }
    return (try? JSONDecoder().decode(String.self, from: Data(raw))) ?? String(decoding: raw, as: UTF8.self)
}
