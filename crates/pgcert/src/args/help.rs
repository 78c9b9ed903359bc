//! What stands below the options in each command's help: how it works in three lines, and examples
//! that can be typed as they are.

pub(super) const PGCERT: &str = "\
Examples:
  pgcert setup --role slardiere                  everything on one machine, proven by a login
  pgcert setup --role slardiere --dry-run        what that would do
  pgcert check service=tolva                     connect as psql would; say what is wrong
  pgcert inspect ~/.postgresql/postgresql.crt    a certificate in words
  pgcert list                                    what was issued, and until when it is good

Exit codes:
  0  done, or nothing to do
  1  failed, and nothing is left changed
  2  the command line does not make sense
  3  the check found problems
  4  a part could not be put back; the message names each path and its saved copy";

pub(super) const SETUP: &str = "\
It makes an authority where there is none, issues both certificates, installs them, adds one rule \
to pg_hba.conf for exactly this role, reloads the server and logs in as the role. Every other login \
stays as it was. Where the proof fails, everything is put back. Run again, it changes nothing, until \
two thirds of a certificate's life are over: then it renews.

Examples:
  pgcert setup --role slardiere --dry-run
      the plan and its diffs; nothing is changed
  pgcert setup --role slardiere
      shows the plan and asks, then does it
  pgcert setup --role app --client-user www-data --passphrase-file FILE --yes
      without a terminal
  pgcert setup --role app --database sales --from 192.168.1.0/24 --server-name tolva
      one database, from one network, under the name that its clients use
  pgcert setup --cluster 15/main --role app --create-role --certificate-only
      a new role of one of several servers, never without TLS";

pub(super) const CA_INIT: &str = "\
The folder gets ca.crt, ca.key and store.db, readable by its owner alone. On a terminal the \
passphrase is asked for, twice. Best made on a machine that is no database server.

Examples:
  pgcert ca init
  pgcert ca init --ca-name 'Loxodata PostgreSQL CA' --subject 'C=FR,O=Loxodata'
  pgcert ca init --authority /srv/ca --passphrase-file FILE
  pgcert ca init --intermediate --root-authority /media/usb/root --permit-dns db.example.org
      the root on a medium of its own, and under it an authority for those hosts only
  pgcert ca init --for client --authority /srv/clients
      one for clients alone, beside another one for servers";

pub(super) const CA_IMPORT: &str = "\
The authority is looked over and tried in memory before anything is written: what will not work is \
said, and one that would issue certificates that nobody accepts is refused. Its own files are not \
touched. Certificates, revocations and the number of the last list go on from where they are.

Examples:
  pgcert ca import --cert pki/ca.crt --key pki/private/ca.key --index pki/index.txt --crl pki/crl.pem
  pgcert ca import --cert rootCA.pem --key rootCA-key.pem --dry-run
  pgcert ca import --cert intermediate.crt --key intermediate.key --chain root.crt --certs issued/";

pub(super) const CA_EXPORT: &str = "\
Examples:
  pgcert ca export > root.crt";

pub(super) const ISSUE: &str = "\
Key and certificate are made here and have to travel to where they are used. Where that is another \
machine, `pgcert request` there and `pgcert sign` here keep the key where it is. A file that is \
there is never overwritten.

Examples:
  pgcert issue server tolva --san ip:192.168.1.1
  pgcert issue client slardiere --days 30
  pgcert issue client 'App User' --encrypt-key --out keys
  pgcert issue --batch roles.csv --out keys
      a file such as:  kind,name,sans,days
                       client,slardiere,,30
                       server,tolva,tolva.lan 192.168.1.1,";

pub(super) const CA_CRL: &str = "\
A PostgreSQL server with ssl_crl_file wants a current list of every authority that it trusts: once the \
list has ended, it refuses all of this authority's clients. Unless --next-update says less, it ends \
with the authority.

Examples:
  pgcert ca crl > root.crl
  pgcert ca crl --next-update 30 --out root.crl --passphrase-file FILE
  pgcert install server --crl root.crl";

pub(super) const CA_AUDIT: &str = "\
Nothing is changed. The head that it prints stands for the whole log: kept elsewhere and given back \
with --expect-head, it shows a log that was written anew or lost its end.

Examples:
  pgcert ca audit
  pgcert ca audit --expect-head HASH --json

Exit codes:
  0  everything is as the log tells
  3  it is not: the findings say what";

pub(super) const REVOKE: &str = "\
A name stands for its certificates that are still valid; where there are several, --all revokes all of \
them. It counts on a server once that has a revocation list made afterwards, and for new connections \
only. What is revoked stays revoked.

Examples:
  pgcert revoke slardiere --reason key-compromise
  pgcert revoke 5b0c9f1e --reason superseded --yes
  pgcert revoke slardiere --all --dry-run";

pub(super) const REQUEST: &str = "\
The request goes to the authority's machine, where `pgcert sign` makes a certificate of it; that \
comes back and is put to work here with `pgcert install`.

Examples:
  pgcert request server tolva --san ip:192.168.1.1
  pgcert request client slardiere";

pub(super) const SIGN: &str = "\
The names and the key come from the request; everything else is the authority's to decide. Each \
request is shown and has to be agreed to before the first one is signed. What else a request asks \
for is named and not given. A certificate that exists is never overwritten.

Examples:
  pgcert sign tolva.csr slardiere.csr
  pgcert sign slardiere.csr --expect-role slardiere --expect-fingerprint 5f1c...
  pgcert sign *.csr --out signed --passphrase-file FILE --yes";

pub(super) const INSTALL_SERVER: &str = "\
Examples:
  pgcert install server --key tolva.key --cert tolva.crt --root root.crt --dry-run
  pgcert install server --key tolva.key --cert tolva.crt --root root.crt --role slardiere
  pgcert install server --crl root.crl";

pub(super) const INSTALL_CLIENT: &str = "\
Files and services that pgcert did not write are never overwritten.

Examples:
  pgcert install client --key slardiere.key --cert slardiere.crt --root root.crt --host tolva
  psql service=tolva";

pub(super) const CHECK: &str = "\
Nothing is changed. Every parameter, file and fallback is taken as libpq takes it; -v shows where \
each comes from.

Examples:
  pgcert check service=tolva
  pgcert check 'host=tolva user=slardiere sslmode=verify-full' -v
  pgcert check postgresql://slardiere@tolva/sales --json
  pgcert check service=tolva --client-user www-data

Exit codes:
  0  connected
  3  not connected: the findings say why";

pub(super) const EXPORT: &str = "\
The key stays as it is; copies are written for programs that read other forms, the key's readable \
for its owner alone. Files that exist are never overwritten. The last line printed is what goes into \
the program. What each driver reads: docs/how-to/drivers.md.

Examples:
  pgcert export --for jdbc
  pgcert export --for jdbc --key-passphrase-file FILE
      PKCS#12 with the alias that pgjdbc looks for
  pgcert export --for pgx --key slardiere.key --cert slardiere.crt --root root.crt --out app
  pgcert export --for kubernetes --passphrase-file FILE";

pub(super) const INSPECT: &str = "\
Examples:
  pgcert inspect ~/.postgresql/*
  pgcert inspect server.key client.p12 --passphrase-file FILE
  openssl s_client -connect tolva:5432 -starttls postgres </dev/null | pgcert inspect /dev/stdin
  pgcert inspect server.crt --verify --root root.crt --name tolva
  pgcert inspect slardiere.crt slardiere.key --verify --root root.crt --name slardiere --crl root.crl

Exit codes:
  0  shown; with --verify: good
  3  with --verify: refused, or a key belongs to none of the certificates";

pub(super) const LIST: &str = "\
Examples:
  pgcert list
  pgcert list --role slardiere
  pgcert list --expiring 30d
  pgcert list --revoked --csv > revoked.csv";

pub(super) const COMPLETIONS: &str = "\
Examples:
  pgcert completions bash > /etc/bash_completion.d/pgcert
  pgcert completions fish > ~/.config/fish/completions/pgcert.fish";

pub(super) const MAN: &str = "\
Examples:
  pgcert man > /usr/local/share/man/man1/pgcert.1";
