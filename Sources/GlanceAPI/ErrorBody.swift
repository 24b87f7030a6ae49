import GlanceWire
import HTTP

/// An error as its reader asked for it: a line of text, or JSON.
enum ErrorBody {
    static func response(_ status: Status, _ message: String, requestID: String, asJSON: Bool) -> Response {
        asJSON
            ? Response(
                status, headers: Headers(["Content-Type": "application/json"]),
                body: .bytes(json(status, message, requestID)))
            : Response(
                status, headers: Headers(["Content-Type": "text/plain; charset=utf-8"]),
                body: .bytes(Array("\(message)\n".utf8)))
    }

    private static func json(_ status: Status, _ message: String, _ requestID: String) -> [UInt8] {
        var json = JSONText()
        json.raw("{\"error\": {\"code\": ")
        json.integer(Int64(status.code))
        json.raw(", \"title\": ")
        json.string(status.phrase)
        json.raw(", \"message\": ")
        json.string(message)
        json.raw(", \"request_id\": ")
        json.string(requestID)
        json.raw("}}\n")
        return json.bytes
    }
}
