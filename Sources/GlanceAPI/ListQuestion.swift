import GlanceModel
import GlanceWire
import HTTP

/// A list's query string, understood. Parameters that nobody knows are ignored; a known one with a bad value is not.
struct ListQuestion {
    private(set) var query = ImageQuery()
    private(set) var marker: String?
    private(set) var limit: Int?

    init(_ target: RequestTarget) throws(RequestFailure) {
        guard let pairs = target.queryPairs() else {
            throw .badQuery(parameter: "string", problem: "a %-escape in it is broken, or it is no UTF-8")
        }
        var seen: [String: String] = [:]
        for (name, value) in pairs where Self.isKnown(name) {
            if let before = seen[name], !sameBytes(before, value) {
                throw .badQuery(parameter: excerpt(name), problem: "it was given twice, with different values")
            }
            seen[name] = value
            try take(name, value)
        }
    }

    private static func isKnown(_ name: String) -> Bool {
        name.hasPrefix("property-") || Parameter(rawValue: name) != nil
    }

    private enum Parameter: String {
        case limit, marker, name, type, status, store
        case sortKey = "sort_key"
        case sortDirection = "sort_dir"
        case isPublic = "is_public"
        case sizeMin = "size_min"
        case sizeMax = "size_max"
    }

    private mutating func take(_ name: String, _ value: String) throws(RequestFailure) {
        switch Parameter(rawValue: name) {
        case .limit: limit = Int(try number(name, value, max: Int64(ImageQuery.limitMax)))
        case .marker: marker = value
        case .sortKey: query.sortKey = try choice(name, value, from: ImageQuery.SortKey.allCases)
        case .sortDirection: query.isDescending = try choice(name, value, from: Direction.allCases) == .desc
        case .isPublic: query.visibility = try visibility(name, value)
        case .name: query.name = value
        case .type: query.type = try choice(name, value, from: ImageType.allCases)
        case .status: query.status = try choice(name, value, from: ImageStatus.allCases)
        case .store: query.store = try store(name, value)
        case .sizeMin: query.sizeMin = try number(name, value, max: .max)
        case .sizeMax: query.sizeMax = try number(name, value, max: .max)
        case nil: try takeProperty(name, value)
        }
    }

    private mutating func takeProperty(_ name: String, _ value: String) throws(RequestFailure) {
        let key = ImageProperties.key(String(name.dropFirst("property-".count)))
        guard !key.isEmpty else { throw .badQuery(parameter: excerpt(name), problem: "it names no property") }
        if let before = query.properties[key], !sameBytes(before, value) {
            throw .badQuery(parameter: excerpt(name), problem: "it was given twice, with different values")
        }
        query.properties[key] = value
        guard query.properties.count <= Self.propertiesMax else {
            throw .badQuery(
                parameter: excerpt(name), problem: "it is one property too many: name up to \(Self.propertiesMax)")
        }
    }

    /// Each makes the registry's statement longer.
    private static let propertiesMax = 32

    private enum Direction: String, CaseIterable {
        case asc, desc
    }

    private enum Visibility: String, CaseIterable {
        case `true`, `false`, none
    }

    private func visibility(_ name: String, _ value: String) throws(RequestFailure) -> ImageQuery.Visibility {
        switch try choice(name, value.lowercased(), from: Visibility.allCases) {
        case .true: .publicOnly
        case .false: .privateOnly
        case .none: .all
        }
    }

    private func store(_ name: String, _ value: String) throws(RequestFailure) -> StoreName {
        guard let store = StoreName.known.first(where: { $0.text == value }) else {
            let names = StoreName.known.map(\.text).joined(separator: ", ")
            throw .badQuery(parameter: name, problem: "“\(excerpt(value))” is none of \(names)")
        }
        return store
    }

    private func choice<Choice: RawRepresentable<String>>(
        _ name: String, _ value: String, from choices: [Choice]
    ) throws(RequestFailure) -> Choice {
        guard let choice = Choice(rawValue: value) else {
            let names = choices.map(\.rawValue).joined(separator: ", ")
            throw .badQuery(parameter: name, problem: "“\(excerpt(value))” is none of \(names)")
        }
        return choice
    }

    private func number(_ name: String, _ value: String, max: Int64) throws(RequestFailure) -> Int64 {
        guard let number = decimalNumber(value), number <= max else {
            throw .badQuery(parameter: name, problem: "“\(excerpt(value))” is no whole number from 0 to \(max)")
        }
        return number
    }
}
