"""Puts questions to one libpq: `libpq.py LIBRARY` reads a line of JSON each and answers with one.

Bytes are strings with a character for each. No connection is ever made: the kernel refuses this process
sockets, so that libpq stops where it would begin to connect, be it to a server or to one of names.
"""

import ctypes
import json
import os
import platform
import pwd
import sys


class Option(ctypes.Structure):
    """PQconninfoOption"""

    _fields_ = [
        (name, ctypes.c_char_p)
        for name in ("keyword", "envvar", "compiled", "val", "label", "dispchar")
    ] + [("dispsize", ctypes.c_int)]


class Instruction(ctypes.Structure):
    """struct sock_filter"""

    _fields_ = [
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint),
    ]


class Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction))]


def refuse_sockets():
    """Has the kernel answer EPERM to socket(2) (seccomp(2))."""
    number = {"x86_64": 41, "aarch64": 198}[platform.machine()]
    filter_ = (Instruction * 4)(
        Instruction(0x20, 0, 0, 0),  # load the number of the call
        Instruction(0x15, 0, 1, number),  # is it socket?
        Instruction(0x06, 0, 0, 0x0005_0001),  # EPERM
        Instruction(0x06, 0, 0, 0x7FFF_0000),  # allowed
    )
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_seccomp, mode_filter = 38, 22, 2
    program = Program(4, filter_)
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) or libc.prctl(
        set_seccomp, mode_filter, ctypes.byref(program), 0, 0
    ):
        sys.exit(f"no filter: {os.strerror(ctypes.get_errno())}")


def load(path):
    """libpq, with the types of what is called."""
    library = ctypes.CDLL(path)
    options = ctypes.POINTER(Option)
    for name, result, arguments in (
        ("PQconninfoParse", options, [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]),
        ("PQconndefaults", options, []),
        ("PQconninfo", options, [ctypes.c_void_p]),
        ("PQconninfoFree", None, [options]),
        ("PQconnectStart", ctypes.c_void_p, [ctypes.c_char_p]),
        ("PQerrorMessage", ctypes.c_char_p, [ctypes.c_void_p]),
        ("PQpass", ctypes.c_char_p, [ctypes.c_void_p]),
        ("PQfinish", None, [ctypes.c_void_p]),
        ("PQfreemem", None, [ctypes.c_void_p]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def text(value):
    return None if value is None else value.decode("latin-1")


def taken(library, options, field="val"):
    """What the options have, by keyword; frees them."""
    values, at = {}, 0
    while options and options[at].keyword:
        value = getattr(options[at], field)
        if value is not None:
            values[text(options[at].keyword)] = text(value)
        at += 1
    if options:
        library.PQconninfoFree(options)
    return values


def parse(library, question):
    error = ctypes.c_void_p()
    options = library.PQconninfoParse(question["conninfo"].encode("latin-1"), error)
    message = ctypes.cast(error, ctypes.c_char_p).value
    library.PQfreemem(error)
    return {"options": taken(library, options), "error": text(message), "password": None}


def start(library, question):
    connection = library.PQconnectStart(question["conninfo"].encode("latin-1"))
    answer = {
        "error": text(library.PQerrorMessage(connection)),
        "password": text(library.PQpass(connection)),
        "options": taken(library, library.PQconninfo(connection)),
    }
    library.PQfinish(connection)
    return answer


def known(library, _):
    """The options that there are: keyword, variable, compiled default, how it is shown."""
    options, rows, at = library.PQconndefaults(), [], 0
    while options[at].keyword:
        option = options[at]
        rows.append([text(v) for v in (option.keyword, option.envvar, option.compiled, option.dispchar)])
        at += 1
    library.PQconninfoFree(options)
    return {"known": rows}


def main():
    account = pwd.getpwuid(os.geteuid())
    library = load(sys.argv[1])
    refuse_sockets()
    print(json.dumps([account.pw_name, account.pw_dir]), flush=True)
    asks = {"parse": parse, "start": start, "known": known}
    variables = {}
    for line in sys.stdin:
        question = json.loads(line)
        for name in variables:
            del os.environb[name]
        variables = {
            name.encode("latin-1"): value.encode("latin-1")
            for name, value in question["environment"].items()
        }
        os.environb.update(variables)
        print(json.dumps(asks[question["ask"]](library, question)), flush=True)


main()
