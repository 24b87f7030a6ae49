import GlanceWire

/// Rows in columns, as they come: the first ones decide how wide each column is.
struct TextTable {
    struct Column {
        let title: String
        var isFlushRight = false
        /// Whether it may be cut where the terminal is narrow: nothing that is to be copied is.
        var mayBeCut = false
    }

    private let columns: [Column]
    /// Of the terminal; nil: as wide as it takes.
    private let width: Int?
    private var waiting: [[String]] = []
    private var widths: [Int]?

    private static let gap = 2
    private static let cutMin = 8
    /// Rows that are looked at before the first is printed.
    static let sampleCount = 200

    init(_ columns: [Column], width: Int?) {
        self.columns = columns
        self.width = width
    }

    /// The lines that can be printed now.
    mutating func add(_ row: [String]) -> [String] {
        let row = row.map(printable)
        guard let widths else {
            waiting.append(row)
            return waiting.count < Self.sampleCount ? [] : finish()
        }
        return [line(row, widths)]
    }

    /// The lines that wait, the titles before them; none where there was no row.
    mutating func finish() -> [String] {
        guard widths == nil, !waiting.isEmpty else { return [] }
        let titles = columns.map(\.title)
        let chosen = chooseWidths([titles] + waiting)
        widths = chosen
        defer { waiting = [] }
        return ([titles] + waiting).map { line($0, chosen) }
    }

    private func chooseWidths(_ rows: [[String]]) -> [Int] {
        var widths = columns.indices.map { place in rows.map { columnCount($0[place]) }.max() ?? 0 }
        guard let width else { return widths }
        while widths.reduce((columns.count - 1) * Self.gap, +) > width {
            // The widest gives first.
            let cuttable = columns.indices.filter { columns[$0].mayBeCut && widths[$0] > Self.cutMin }
            guard let widest = cuttable.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return widths
    }

    private func line(_ row: [String], _ widths: [Int]) -> String {
        var line = ""
        for (place, column) in columns.enumerated() {
            let isCut = column.mayBeCut && width != nil
            let columnWidth = isCut ? widths[place] : max(widths[place], columnCount(row[place]))
            line += fitted(row[place], to: columnWidth, isFlushRight: column.isFlushRight)
            if place + 1 < columns.count { line += String(repeating: " ", count: Self.gap) }
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
