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

pub(super) const CONF_GET: &str = "\
The last line that sets a name counts, in the order in which the server reads its files: \
postgresql.conf with what it includes, then postgresql.auto.conf, then the command line that the \
running server was started with.

Examples:
  pgcert conf get port
  pgcert conf get ssl ssl_ca_file --cluster 15/main
  pgcert conf get --file postgresql.conf --json";

pub(super) const CONF_SET: &str = "\
The line in force is changed, in whichever file it stands; else the line that has the setting \
commented out; else one is added at the end. Comments keep their column, and no other byte changes. \
What the server would refuse is not written. It says what hides the new value and whether the server \
has to be restarted for it. The server has it after a reload, which --reload brings about.

Examples:
  pgcert conf set work_mem=64MB --dry-run
  pgcert conf set ssl=on 'log_line_prefix=%m [%p] ' --cluster 15/main --reload
  pgcert conf set port=5433 --file postgresql.conf --pg-version 17";

pub(super) const CONF_UNSET: &str = "\
Every line that sets the name is commented out, in every file that is read but postgresql.auto.conf, \
which ALTER SYSTEM RESET changes.

Examples:
  pgcert conf unset work_mem --dry-run
  pgcert conf unset ssl_crl_file --file postgresql.conf";

pub(super) const CONF_DIFF: &str = "\
Order, comments, quotes and spellings do not count (1GB is 1024MB, on is true), nor does a line that says what \
is the default anyway. postgresql.auto.conf is left out. Files that the server would refuse are not compared.

Examples:
  pgcert conf diff /usr/share/postgresql/15/postgresql.conf.sample /etc/postgresql/15/main/postgresql.conf
  pgcert conf diff old/postgresql.conf new/postgresql.conf --pg-version 17 --json

Exit codes:
  0  both mean the same
  3  a setting differs";

pub(super) const CONF_LINT: &str = "\
Everything that the server reads is looked at: includes and postgresql.auto.conf too. Each kind of finding is \
in docs/reference/lints.md.

Examples:
  pgcert conf lint
  pgcert conf lint --file postgresql.conf --pg-version 18
      would this file do for the next version?
  pgcert conf lint --file postgresql.conf --format github

Exit codes:
  0  nothing but notes
  3  there are warnings or errors";

pub(super) const HBA_LIST: &str = "\
Includes and @file lists are followed. Errors are in the server's own words; one of them is enough \
for it to refuse all of it. Words are in quotes where they would mean something else without \
(\"all\": a database of that name). With --json they are bare, and database_kind and user_kind say of \
each whether it is a name, a keyword, a group (+), a pattern (/) or a file (@) that was not read; \
address_kind whether it is a network, a name or a keyword.

Examples:
  pgcert hba list
  pgcert hba list --file pg_hba.conf --pg-version 17 --json";

pub(super) const HBA_EXPLAIN: &str = "\
The first rule that matches a connection decides it, whatever comes of it: the server looks no \
further. Type, address, database and role are compared in this order; the first field that does not \
match is named. What is not known (memberships, the server's networks, names of hosts, a few regular \
expressions) gives \"may\", never a guess. A server that runs is asked for memberships and networks, \
where the one who runs this may ask it. The files are what is read, which a server that has not been \
reloaded does not go by yet.

Examples:
  pgcert hba explain --user app --database sales --from 192.168.1.7
  pgcert hba explain --user postgres --local --file pg_hba.conf -v
      each earlier rule on a line of its own
  pgcert hba explain --user standby --replication --from 10.0.0.2 --no-tls --cluster 15/main
  pgcert hba explain --connections seen.jsonl --file pg_hba.conf --pg-version 17 --json

Exit codes:
  0  answered
  3  answered, but the server would refuse the file";

pub(super) const HBA_ADD: &str = "\
The rule is written in the columns of its neighbours; every other byte stays. Without a place, the \
one is found where it takes effect: before the first rule that decides any of its connections today, \
behind those that must keep their say (reject, and demands for a certificate). Where there is no such \
place, the rules that stand in the way are named; where its connections are decided like that already, \
nothing changes. \
Whose outcome changes is said, by which rule it was and will be decided, with a sample of each.

Examples:
  pgcert hba add hostssl sales app 192.168.1.0/24 cert --dry-run
  pgcert hba add 'host all \"Zoë\" samehost scram-sha-256' --before 96
  pgcert hba add local all postgres peer --first --file pg_hba.conf";

pub(super) const HBA_REMOVE: &str = "\
Whose outcome changes is said, by which rule it was and will be decided, with a sample of each.

Examples:
  pgcert hba remove --line 98 --dry-run
  pgcert hba remove host all all 0.0.0.0/0 md5";

pub(super) const HBA_MOVE: &str = "\
Only the rule's own line moves; comments stay where they are. Whose outcome changes is said, by \
which rule it was and will be decided, with a sample of each.

Examples:
  pgcert hba move 98 --before 95 --dry-run
  pgcert hba move 98 --first --file pg_hba.conf";

pub(super) const HBA_FORMAT: &str = "\
The columns are those of PostgreSQL's own sample file, wider where a field needs it. Comments, \
continued lines and what the server refuses stay as they are.

Examples:
  pgcert hba format --dry-run
  pgcert hba format --file pg_hba.conf";

pub(super) const HBA_LINT: &str = "\
Includes are looked at too. Where the server is known, its settings count: hostssl without TLS, \
certificates without ssl_ca_file. Each kind of finding is in docs/reference/lints.md.

Examples:
  pgcert hba lint
  pgcert hba lint --file pg_hba.conf --pg-version 18
      would this file do for the next version?
  pgcert hba lint --file pg_hba.conf --format sarif > pg_hba.sarif

Exit codes:
  0  nothing but notes
  3  there are warnings or errors";

pub(super) const HBA_DIFF: &str = "\
Order, comments and other words for the same do not count: only who is decided by which rule, and how. \
Every connection that there can be is compared, whatever roles, memberships and addresses there are; \
a sample shows each difference. \"perhaps\" stands where the server's networks or a regular expression \
leave it open. Where so many rules differ that it would take minutes, those are named that were not \
compared with all others.

Examples:
  pgcert hba diff /etc/postgresql/15/main/pg_hba.conf new.conf
  pgcert hba diff old/pg_hba.conf new/pg_hba.conf --pg-version 17 --json

Exit codes:
  0  both mean the same
  3  somebody's outcome differs, or may: every difference is only \"perhaps\", or not all was compared";

pub(super) const HBA_SIMULATE: &str = "\
The server writes down who logs in with log_connections = on. From 14 on it names the rule that let \
somebody in (trust from 17 on); every version names the one by which a password or certificate was \
refused. Where none is named, it is worked out from the rules; what cannot be told is said to be so. \
A rule that no longer says what the log quotes is listed apart. lc_messages has to be English.

With a step such as --md5-to-scram nothing is written: who is refused, or decided otherwise, is said \
by rules with samples, and with a log by the logins in it.

Examples:
  pgcert hba simulate --passwords-to-cert --log /var/log/postgresql/postgresql-15-main.log
  pgcert hba simulate --log /var/log/postgresql/postgresql-15-main.log
  pgcert hba simulate --log old.log --log new.log --file pg_hba.conf --pg-version 16 --json
  zcat postgresql.csv.1.gz | pgcert hba simulate --log /dev/stdin

Exit codes:
  0  counted
  3  counted, but the server would refuse the file";

pub(super) const IDENT_LIST: &str = "\
A role in quotes is the role of that name, where all or +GROUP without them would be keywords (16 and \
later); --json says which it is in role_is_keyword.

Examples:
  pgcert ident list
  pgcert ident list staff --file pg_ident.conf --json";

pub(super) const IDENT_EXPLAIN: &str = "\
The lines of a map are tried in order; the first one that lets the name be the role ends it. How \
each is read depends on the version: all, +group and /regular expression as roles count from 16 on. \
Which names a rule of pg_hba.conf lets in is said by pgcert hba explain too.

Examples:
  pgcert ident explain --map staff
  pgcert ident explain --map staff --name 'Zoë Martin'
  pgcert ident explain --map staff --name bob@example.com --role bob --file pg_ident.conf --json

Exit codes:
  0  answered
  3  answered, but the server would refuse the file";

pub(super) const IDENT_ADD: &str = "\
The line stands behind the last one of its map, in the columns of its neighbour. Names are meant \
literally and quoted where needed. Where a line says so already, nothing changes.

Examples:
  pgcert ident add staff 'Zoë Martin' zoe
  pgcert ident add staff 'CN=alice,OU=Eng,O=Acme' alice --dry-run
      the distinguished name, for rules with clientname=DN
  pgcert ident add mail '^(.*)@example\\.com$' '\\1' --regex";

pub(super) const IDENT_REMOVE: &str = "\
A line is named by all three of its words, or by --line. ROLE is a name: a line with the keyword all \
or +GROUP goes by --line.

Examples:
  pgcert ident remove staff 'Zoë Martin' zoe
  pgcert ident remove --line 43 --dry-run";

pub(super) const IDENT_REMOVE_USAGE: &str = "\
pgcert ident remove [OPTIONS] <MAP> <SYSTEM-USER> <ROLE>
       pgcert ident remove [OPTIONS] --line <LINE>...";

pub(super) const IDENT_LINT: &str = "\
Includes are looked at too. Each kind of finding is in docs/reference/lints.md.

Examples:
  pgcert ident lint
  pgcert ident lint --file pg_ident.conf --pg-version 16 --json

Exit codes:
  0  nothing but notes
  3  there are warnings or errors";

pub(super) const SERVICE_LIST: &str = "\
Examples:
  pgcert service list
  pgcert service list --file /etc/postgresql-common/pg_service.conf --json";

pub(super) const SERVICE_GET: &str = "\
What libpq takes is shown: the first section of that name, the first line of each key. A password is \
shown only where it is asked for by name; among all of them it is null in JSON.

Examples:
  pgcert service get tolva
  pgcert service get tolva host port";

pub(super) const SERVICE_SET: &str = "\
A parameter that is there gets its value in its line; others are added behind the section's last one. \
What libpq would not read is not written.

Examples:
  pgcert service set tolva host=tolva dbname=sales sslmode=verify-full
  pgcert service set tolva port=5433 --dry-run";

pub(super) const SERVICE_REMOVE: &str = "\
Examples:
  pgcert service remove tolva --dry-run
  pgcert service remove tolva sslcrl";

pub(super) const SERVICE_LINT: &str = "\
Each kind of finding is in docs/reference/lints.md.

Examples:
  pgcert service lint
  pgcert service lint --file pg_service.conf --pg-version 13

Exit codes:
  0  nothing but notes
  3  there are warnings or errors";

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
