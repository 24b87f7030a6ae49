import GlanceModel
import HTTP

/// What a status says to whoever acts on it: the one table between failures and statuses, which a service reads forwards
/// and its clients backwards.
package enum FailureKind: CaseIterable, Sendable {
    case badRequest, loginNeeded, notAllowed, notFound, clientSilent, conflict, preconditionFailed, tooLarge
    case unforeseen, badGateway, unavailable, noSpace

    package var status: Status {
        switch self {
        case .badRequest: .badRequest
        case .loginNeeded: .unauthorized
        case .notAllowed: .forbidden
        case .notFound: .notFound
        case .clientSilent: .requestTimeout
        case .conflict: .conflict
        case .preconditionFailed: .preconditionFailed
        case .tooLarge: .contentTooLarge
        case .unforeseen: .internalServerError
        case .badGateway: .badGateway
        case .unavailable: .serviceUnavailable
        case .noSpace: .insufficientStorage
        }
    }

    /// Backwards; any other status is what its class says (RFC 9110, section 15). Nil for one that is no refusal.
    package init?(status code: Int) {
        if let kind = Self.allCases.first(where: { $0.status.code == code }) {
            self = kind
        } else if code == 429 {
            // From nginx, which counts each client's requests: the same request is right a moment later.
            self = .unavailable
        } else if (400..<500).contains(code) {
            self = .badRequest
        } else if (500..<600).contains(code) {
            self = .unforeseen
        } else {
            return nil
        }
    }
}

/// How a failure looks to a client: its status, and one line that says what, why and what to do.
extension Failure {
    package var status: Status { kind.status }

    package var kind: FailureKind {
        switch self {
        case .invalid, .sizeMismatch, .digestMismatch, .fieldsTooLong, .unknownStore, .unknownMarker, .metadataAlone,
            .clientGone:
            .badRequest
        case .loginNeeded: .loginNeeded
        case .notAllowed: .notAllowed
        case .notFound, .noData: .notFound
        case .clientSilent: .clientSilent
        case .idTaken, .dataComing, .dataImmutable, .fieldImmutable, .versionConflict: .conflict
        case .preconditionFailed: .preconditionFailed
        case .imageTooLarge, .tooManyImages, .tooManyBytes: .tooLarge
        case .storeBroken: .badGateway
        case .damaged: .unforeseen
        case .transfersTaken, .readOnly, .leaseLost, .registryBusy, .registryAway, .storeAway, .storeForeign,
            .storeNotOffered, .notLocal, .identityAway:
            .unavailable
        case .gatewayUnready: .unforeseen
        case .noSpace: .noSpace
        }
    }

    /// Seconds after which the same request may fare better; nil where it will not, as it is.
    package var retryAfterSeconds: Int? {
        switch self {
        case .transfersTaken, .leaseLost, .registryBusy: 2
        case .registryAway, .storeAway, .identityAway: 10
        case .readOnly, .storeForeign, .storeNotOffered, .notLocal: 60
        case .invalid, .sizeMismatch, .digestMismatch, .fieldsTooLong, .unknownStore, .unknownMarker, .imageTooLarge,
            .tooManyImages, .tooManyBytes, .metadataAlone, .loginNeeded, .notAllowed, .notFound, .noData, .idTaken,
            .dataComing, .dataImmutable, .fieldImmutable,
            .versionConflict, .preconditionFailed, .clientGone, .clientSilent, .noSpace, .storeBroken, .damaged,
            .gatewayUnready:
            nil
        }
    }

    package var message: String {
        switch self {
        case .invalid(let field, let problem):
            "The field \(field) is not right: \(problem)."
        case .sizeMismatch(let declared, let received):
            "The image has \(received) bytes and its size was given as \(declared): correct x-image-meta-size or leave it out. Nothing was kept."
        case .digestMismatch(let declared, let received):
            "The image's SHA-256 is \(received) and was given as \(declared): it was damaged on its way, or is another one. Nothing was kept."
        case .fieldsTooLong(let bytes, let limit):
            "The image's fields take \(bytes) bytes as headers and may take \(limit): give it fewer or shorter properties."
        case .unknownStore(let name, let offered):
            "There is no store “\(excerpt(name))” here: say one of \(offered.map(\.text).joined(separator: ", ")), or leave it out."
        case .unknownMarker(let marker):
            "The marker “\(excerpt(marker))” names no image: give the id of the last image of the page before."
        case .imageTooLarge(let limit):
            "The image is too large: this service takes up to \(limit) bytes."
        case .tooManyImages(let limit):
            "You have as many images as anybody may have here, \(limit): delete one that is no longer needed, or ask the operator for more."
        case .tooManyBytes(let size, let left, let limit):
            "The image has \(size) bytes, and of the \(limit) that anybody may keep here you have \(left) left: delete images that are no longer needed, or ask the operator for more."
        case .metadataAlone:
            "This service keeps the metadata of images alone: send the image to the Glance that keeps its records here."
        case .loginNeeded:
            "This is for users alone, and you are not logged in: send a password, token or certificate along, whichever this service takes."
        case .notAllowed(let id):
            "The image \(id) belongs to somebody else: only its owner may change it."
        case .notFound(let id):
            "There is no image “\(excerpt(id))”: GET /images/ lists those that there are."
        case .noData(let id):
            "The image \(id) has no data yet: PUT /images/\(id) with the image as its body adds them."
        case .idTaken(let id):
            "The id \(id) is taken, and an id that had an image is never given again: choose another one, or leave it out."
        case .dataComing(let id):
            "The data of the image \(id) are coming in just now: try again when they are there."
        case .damaged(let id, _):
            "The data of the image \(id) are damaged where they are kept, and were not sent: ask the operator to restore them."
        case .dataImmutable(let id):
            "The image \(id) has its data, and data never change: add a new image instead."
        case .fieldImmutable(let id, let field):
            "The \(field) of the image \(id) cannot change: leave it out, or add a new image instead."
        case .versionConflict(let id, let current):
            "The image \(id) has changed in between: it is at version \(current) now. Read it again and decide anew."
        case .preconditionFailed(let id):
            "\(id.map { "The image \($0)" } ?? "What is here") is not what the request's If-… header asks for. Nothing was done."
        case .clientGone:
            "The connection ended before the whole image was there. Nothing was kept."
        case .clientSilent:
            "No more of the image came for too long. Nothing was kept."
        case .noSpace:
            "There is no room for this image: ask the operator for space."
        case .transfersTaken:
            "As many images as this service allows are on their way already: try again in a moment."
        case .readOnly:
            "Nothing can be added, changed or deleted just now, because the operator is at work on this service: try again later. Reading goes on."
        case .leaseLost(let id):
            "The upload of the image \(id) stood still for too long and was given up. Nothing was kept: try again."
        case .registryBusy:
            "The image registry is busy: try again in a moment."
        case .registryAway:
            "The image registry does not answer: try again later."
        case .storeAway(let name, _), .storeForeign(let name, _):
            "The image store \(name) does not answer: try again later."
        case .storeBroken(let name, _):
            "The image store \(name) did not do as it was asked: tell the operator the request id. Nothing was kept."
        case .storeNotOffered(let name):
            "The image's data are in the store \(name), which this service does not offer at present."
        case .notLocal:
            "This service asks nobody who they are, and therefore answers on loopback addresses alone: its operator can set open = true, or an identity."
        case .gatewayUnready:
            "This service cannot tell who you are, because its web server is not set up for that: tell the operator the request id."
        case .identityAway:
            "Who you are cannot be found out just now, because the identity service does not answer: try again later."
        }
    }

    /// What the operator should know and the client should not.
    package var operatorReason: String? {
        switch self {
        case .registryAway(let reason): "the registry failed: \(reason)"
        case .storeAway(let name, let reason), .storeBroken(let name, let reason), .storeForeign(let name, let reason):
            "the store \(name) failed: \(reason)"
        case .damaged(let id, let how): "a damaged image was asked for: \(id): \(how): see glance-api fsck"
        case .gatewayUnready(let reason): reason
        case .identityAway(let reason): "who a client is cannot be found out: \(reason)"
        case .noSpace: "there is no room, in a store or for the registry: make some, or lower free_bytes_min"
        case .notLocal:
            "a request came to an address other than loopback while identity = none: set open = true if everybody may do everything, else an identity"
        default: nil
        }
    }
}
