import Testing

@testable import glance

/// Text in columns.
struct TextTableTests {
    private func table(_ rows: [[String]], width: Int?) -> [String] {
        var table = TextTable(
            [.init(title: "ID"), .init(title: "NAME", mayBeCut: true), .init(title: "SIZE", isFlushRight: true)],
            width: width)
        return rows.flatMap { table.add($0) } + table.finish()
    }

    @Test func `columns are as wide as what is in them, numbers flush right`() {
        #expect(
            table([["1", "kernel", "7.9 MiB"], ["long-id", "x", "5 B"]], width: nil) == [
                "ID       NAME       SIZE", "1        kernel  7.9 MiB", "long-id  x           5 B",
            ])
    }

    @Test func `on a narrow terminal a name is cut, and an id never`() {
        let rows = [["0123456789", "a name that is long", "5 B"]]

        #expect(table(rows, width: 30)[1] == "0123456789  a name that…   5 B")
        #expect(table(rows, width: 30).allSatisfy { columnCount($0) <= 30 })
        #expect(table(rows, width: 5)[1] == "0123456789  a name …   5 B")
        #expect(table(rows, width: nil)[1] == "0123456789  a name that is long   5 B")
    }

    @Test func `wide characters take two columns, marks none`() {
        #expect(columnCount("日本") == 4)
        #expect(columnCount("e\u{301}") == 1)
        #expect(columnCount("👩‍👩‍👧") == 2)
        #expect(columnCount("Ünïcode") == 7)
        #expect(fitted("日本語", to: 4) == "日… ")
        #expect(fitted("日本", to: 6) == "日本  ")
    }

    @Test func `a row behind the first ones keeps to their columns, and is whole where nothing is cut`() {
        var table = TextTable([.init(title: "ID"), .init(title: "NAME", mayBeCut: true)], width: nil)
        var lines: [String] = []
        for number in 0..<TextTable.sampleCount { lines += table.add(["\(number)", "x"]) }

        #expect(lines.count == TextTable.sampleCount + 1)
        #expect(table.add(["1234", "a longer name"]) == ["1234  a longer name"])
        #expect(table.add(["5", "y"]) == ["5    y"])
        #expect(table.finish().isEmpty)
    }

    @Test func `nothing in a row moves the cursor`() {
        #expect(table([["1", "a\u{1B}[2Jb\n\u{9B}c\u{202E}", "0 B"]], width: nil)[1] == "1   a?[2Jb??c?   0 B")
    }

    @Test func `no rows, no titles`() {
        #expect(table([], width: 80).isEmpty)
    }
}
