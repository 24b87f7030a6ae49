import Bytes
import Sockets
import SystemLibrary

package struct TLSError: Error {}
package final class TLSContext: Sendable { package init(caFile: String?) throws(TLSError) {} }
package final class TLSConnection: Channel {
    let c: Connection
    package init(over connection: Connection, host: String, context: TLSContext) throws { c = connection }
    package var idleSeconds: Int {
        get { c.idleSeconds }
        set { c.idleSeconds = newValue }
    }
    package func read(into b: UnsafeMutableRawBufferPointer) throws -> Int { try c.read(into: b) }
    package func readNow(into b: UnsafeMutableRawBufferPointer) throws -> Int? { try c.readNow(into: b) }
    package func write(_ b: UnsafeRawBufferPointer) throws { try c.write(b) }
    package func writePart(_ b: UnsafeRawBufferPointer) throws -> Int { try c.writePart(b) }
}
