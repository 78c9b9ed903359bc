"""Logs in with each key file of the cases on standard input: psycopg, or asyncpg over Python's own
ssl. One line a case: name, role, key, certificate, passphrase; answers name and yes or no, and why."""

import asyncio
import importlib
import ssl
import sys

driver, port, root = sys.argv[1:4]
module = importlib.import_module(driver)


def with_psycopg(role, key, certificate, passphrase):
    with module.connect(
        host="localhost", port=port, dbname="postgres", user=role, sslmode="verify-full",
        sslkey=key, sslcert=certificate, sslrootcert=root, sslpassword=passphrase,
    ) as connection:
        connection.execute("select 1")


def with_asyncpg(role, key, certificate, passphrase):
    context = ssl.create_default_context(cafile=root)
    context.load_cert_chain(certificate, key, lambda: passphrase)

    async def login():
        connection = await module.connect(
            host="localhost", port=int(port), database="postgres", user=role, ssl=context
        )
        await connection.close()

    asyncio.run(login())


login = {"psycopg": with_psycopg, "asyncpg": with_asyncpg}[driver]
for line in sys.stdin:
    name, role, key, certificate, passphrase = line.rstrip("\n").split("\t")
    try:
        login(role, key, certificate, passphrase)
        print(name, "yes", sep="\t")
    except Exception as error:
        print(name, "no", " ".join(str(error).split()), sep="\t")
