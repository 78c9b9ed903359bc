# Runs pkilint's own commands, one a line of standard input: its name and the arguments, between tabs.
# Answers a line of JSON for each. The modules take most of a second to load, a certificate a few
# milliseconds: one process lints them all.
import contextlib, importlib, io, json, sys, traceback

for line in sys.stdin:
    command, *arguments = line.rstrip("\n").split("\t")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = importlib.import_module("pkilint.bin." + command).main(arguments)
        except BaseException:
            code, _ = -1, traceback.print_exc()
    try:
        results = json.loads(out.getvalue())["results"]
    except ValueError:
        results, code = [], code or -1
    findings = [
        {"at": result["node_path"], **finding}
        for result in results
        for finding in result["finding_descriptions"]
    ]
    print(json.dumps({"code": code, "findings": findings, "error": err.getvalue()}), flush=True)
