import GlanceWire

extension FailureKind {
    /// Why, and what to do, where a server that refuses says nothing itself.
    var words: String {
        switch self {
        case .badRequest: "something that was asked is not right, or is not known there."
        case .loginNeeded: "it wants a user and a password, or does not take these."
        case .notAllowed: "this user may not do that: ask as the image's owner, or ask the operator."
        case .notFound: "there is no such image, or none for this user: a list shows those that there are."
        case .clientSilent: "the request came too slowly: try again."
        case .conflict: "the image is not as the request takes it to be: read it again and decide anew."
        case .preconditionFailed: "a condition of the request does not hold."
        case .tooLarge: "it is more than is taken there: ask the operator."
        case .unforeseen: "it failed: tell its operator the request id."
        case .badGateway: "what stands behind it did not do as it should: tell its operator the request id."
        case .unavailable: "it cannot just now: try again later."
        case .noSpace: "it has no room: ask its operator for space."
        }
    }
}
