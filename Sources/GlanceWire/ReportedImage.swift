/// The fields of an image as a service wrote them, in headers or in JSON, before they mean anything.
package struct ReportedImage: Equatable, Sendable {
    /// By the name that a field has in JSON: `is_public`.
    package var texts: [String: String] = [:]
    package var properties: [String: String] = [:]

    package init() {}
}
