/// Columns that a text takes on a terminal.
func columnCount(_ text: String) -> Int {
    text.reduce(0) { $0 + columnCount($1) }
}

/// What a person sees as one character: as wide as its widest part.
func columnCount(_ character: Character) -> Int {
    character.unicodeScalars.map(columnCount).max() ?? 0
}

private func columnCount(_ scalar: Unicode.Scalar) -> Int {
    if scalar.isASCII { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    if scalar.properties.isEmojiPresentation { return 2 }
    return wide.contains { $0.contains(scalar.value) } ? 2 : 1
}

/// East Asian Wide and Fullwidth (Unicode Standard Annex #11), in blocks.
private let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x17000...0x18CFF, 0x1F200...0x1F2FF,
    0x20000...0x3FFFD,
]

/// The text in exactly `columns`: cut with `…`, or with blanks after it (before it, where it is flush right).
func fitted(_ text: String, to columns: Int, isFlushRight: Bool = false) -> String {
    let width = columnCount(text)
    guard width > columns else {
        let blanks = String(repeating: " ", count: columns - width)
        return isFlushRight ? blanks + text : text + blanks
    }
    var cut = ""
    var used = 0
    for character in text {
        let next = columnCount(character)
        guard used + next < columns else { break }
        cut.append(character)
        used += next
    }
    return cut + "…" + String(repeating: " ", count: max(0, columns - used - 1))
}
