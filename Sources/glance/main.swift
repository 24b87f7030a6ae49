import Glibc
import SettingsText

exit(Program.run(Array(CommandLine.arguments.dropFirst()), environment: environmentVariables()))
