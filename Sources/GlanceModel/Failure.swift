/// Everything that can go wrong with an image for a reason that somebody can act on. What is not here is unforeseen.
package enum Failure: Error, Equatable, Sendable {
    // What was asked is wrong.
    case invalid(field: String, problem: String)
    case sizeMismatch(declared: Int64, received: Int64)
    case digestMismatch(declared: SHA256Digest, received: SHA256Digest)
    case fieldsTooLong(bytes: Int, limit: Int)
    case unknownStore(String, offered: [StoreName])
    case unknownMarker(String)
    case imageTooLarge(limit: Int64)
    /// Of one owner.
    case tooManyImages(limit: Int64)
    /// Of one owner.
    case tooManyBytes(Int64, left: Int64, limit: Int64)
    /// This service has no store.
    case metadataAlone

    // Who asks may not.
    case loginNeeded
    case notAllowed(ImageID)

    // What is there does not allow it.
    case notFound(String)
    case noData(ImageID)
    case idTaken(ImageID)
    case dataComing(ImageID)
    case damaged(ImageID, how: String)
    case dataImmutable(ImageID)
    case fieldImmutable(ImageID, field: String)
    case versionConflict(ImageID, current: Int64)
    /// Nil: of an image that is only to be added.
    case preconditionFailed(ImageID?)

    // The client did not go on.
    case clientGone
    case clientSilent

    // This service cannot, for the moment.
    case noSpace
    case transfersTaken
    /// Its operator lets nobody change anything.
    case readOnly
    case leaseLost(ImageID)
    case registryBusy
    case registryAway(reason: String)
    case storeAway(StoreName, reason: String)
    /// It answers, and not as it should.
    case storeBroken(StoreName, reason: String)
    /// It belongs to another site.
    case storeForeign(StoreName, reason: String)
    case storeNotOffered(StoreName)
    case notLocal
    /// The gateway does not say who asks, or says it to a service that does not want to know.
    case gatewayUnready(reason: String)
    /// Who a client is cannot be found out just now.
    case identityAway(reason: String)
}
