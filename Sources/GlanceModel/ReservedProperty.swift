/// Properties by which a service that keeps its records in another one tells that one what no field says. No user sees
/// or sets them.
package enum ReservedProperty {
    /// Before the name of each.
    package static let prefix = "glance_registry_"
    /// Stands in the header of each request of such a service.
    package static let requestHeader = "x-glance-registry-request"
    /// Stands in the header of what an admin is answered to them, refusals apart: the registry's `state`, where it has one.
    package static let stateHeader = "x-glance-registry-state"
    /// When the image was added, and when its metadata changed last, for lists in those orders: seconds since 1970-01-01 UTC.
    /// A Glance without stores takes them for its own fields of the image, from an admin, and keeps no such properties.
    package static let createdAt = prefix + "created_at"
    package static let updatedAt = prefix + "updated_at"
}
