import FoundationEssentials

/// A token and what Keystone says of it.
package struct KeystoneToken: Sendable {
    /// To be kept secret.
    package let text: String
    /// Seconds since 1970, by Keystone's clock.
    package let expiresAt: Int64
    /// The same; nil where Keystone did not say.
    package let issuedAt: Int64?
    let catalog: [Service]

    struct Service: Decodable {
        var type: String
        var endpoints: [Endpoint]
    }

    struct Endpoint: Decodable {
        var interface: String
        var region: String?
        var url: String
    }

    /// Where a service of that type is; `region` nil: any.
    package func endpoint(type: String, interface: String, region: String?) -> String? {
        catalog.filter { $0.type == type }.flatMap(\.endpoints)
            .first { $0.interface == interface && (region == nil || $0.region == region) }?.url
    }

    /// The body of Keystone's answer.
    struct Body: Decodable {
        struct Token: Decodable {
            var expiresAt: String
            var issuedAt: String?
            var catalog: [Service]?

            enum CodingKeys: String, CodingKey {
                case catalog
                case expiresAt = "expires_at"
                case issuedAt = "issued_at"
            }
        }

        var token: Token
    }

    init?(text: String, body: [UInt8]) {
        guard let token = try? JSONDecoder().decode(Body.self, from: Data(body)).token,
            let expiry = Self.seconds(token.expiresAt)
        else { return nil }
        self.text = text
        expiresAt = expiry
        issuedAt = token.issuedAt.flatMap(Self.seconds)
        catalog = token.catalog ?? []
    }

    /// `2026-11-24T05:00:00.000000Z`, with or without the fraction.
    static func seconds(_ text: String) -> Int64? {
        let whole = text.prefix { $0 != "." && $0 != "Z" } + "Z"
        guard text.hasSuffix("Z"), let date = try? Date(String(whole), strategy: .iso8601) else { return nil }
        return Int64(date.timeIntervalSince1970)
    }
}
