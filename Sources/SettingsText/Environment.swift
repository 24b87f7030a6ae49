import Glibc

/// The variables of this process's environment, by name.
package func environmentVariables() -> [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
        let halves = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if halves.count == 2 { variables[String(halves[0])] = String(halves[1]) }
        next += 1
    }
    return variables
}
