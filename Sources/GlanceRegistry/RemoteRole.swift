import GlanceClient
import GlanceModel
import HTTP

/// A record of the registry's own, which is no image of anybody's: the site's name, the janitor's lock, bytes to delete.
struct RemoteRole {
    /// Before every id of such a record.
    static let prefix = "glance-registry-"
    static let siteID = prefix + "site"
    private static let valueKey = ReservedProperty.prefix + "site"
    private static let hostKey = ReservedProperty.prefix + "host"

    let value: String
    let host: String
    let countsVersions: Bool

    /// Nil where the image is no such record.
    init?(_ found: ImageMetadata) {
        let told = found.keyedProperties
        guard let value = told[Self.valueKey], let host = told[Self.hostKey] else { return nil }
        (self.value, self.host, countsVersions) = (value, host, found.version > 0)
    }

    /// The site's own, made if there is none: of several hosts that come at once one makes it.
    static func site(on client: GlanceClient, newSite: String, host: String) throws(GlanceError) -> RemoteRole {
        if let known = try find(on: client) { return known }
        do throws(GlanceError) {
            try client.add(
                ImageDescription(
                    name: "site of a registry", kind: .raw, id: siteID, properties: [valueKey: newSite, hostKey: host]))
        } catch .conflict {}
        guard let made = try find(on: client) else {
            throw .malformed("\(client.address) keeps no properties of images, and so cannot be a registry")
        }
        return made
    }

    private static func find(on client: GlanceClient) throws(GlanceError) -> RemoteRole? {
        do throws(GlanceError) {
            return RemoteRole(try client.image(siteID).expected(siteID))
        } catch .notFound {
            return nil
        } catch {
            // A refusal of HEAD has no words; one of GET says why.
            var filter = ImageFilter()
            filter.limit = 1
            if error.refusal != nil { _ = try client.images(filter).all() }
            throw error
        }
    }
}
