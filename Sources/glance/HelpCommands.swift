extension Command {
    static let completion = Command(
        "completion", "Prints what a shell needs to complete this command's words.",
        [Operand(name: "SHELL", kind: .choice(["bash", "zsh"]))],
        details: [
            "For bash: a line source <(glance completion bash) in ~/.bashrc, or the text as /etc/bash_completion.d/glance.",
            "For zsh: the text as _glance in a directory of $fpath, or a line source <(glance completion zsh) in ~/.zshrc behind compinit.",
        ],
        examples: ["source <(glance completion bash)"], isRemote: false
    ) { invocation throws(CommandError) in
        switch invocation.operands[0] {
        case "bash": try invocation.console.print(BashCompletion.text)
        case "zsh": try invocation.console.print(ZshCompletion.text)
        case let shell: throw .usage("there is no completion for “\(shell)”: say bash or zsh")
        }
    }

    static let help = Command(
        "help", "Says what there is to say of this program or of one command.",
        [Operand(name: "COMMAND", kind: .command, isOptional: true)],
        [
            Option(.man, "Prints the manual page, for man -l."),
            Option(.markdown, "Prints the page docs/cli.md."),
        ], examples: ["glance help add", "glance help --man | man -l -"], isRemote: false
    ) { invocation throws(CommandError) in
        if invocation.has(.man) { return try invocation.console.print(ManualPage.text) }
        if invocation.has(.markdown) { return try invocation.console.print(MarkdownPage.text) }
        let command = try invocation.operands.first.map { name throws(CommandError) in try Command.named(name) }
        try invocation.console.print(command.map(HelpText.of) ?? HelpText.whole)
    }

    static let version = Command("version", "Prints this program's version.", isRemote: false) {
        invocation throws(CommandError) in
        try invocation.console.print("glance \(Program.version)")
    }
}
