# The first process of a test's container. It reads commands from its standard input, runs one after
# the other, and writes how each ended to its standard output; where the input ends, so does the
# container. In Perl, since that is in every Debian and runs on any glibc.
#
# A number is four bytes, the highest first; a text is its length and its bytes. A command is an
# account, the number of words, the words, and 0 or 1 and a text for the standard input. The answer is
# the exit code as a shell would say it, what went to standard output, what went to standard error.
use strict;
use warnings;
use POSIX qw(:sys_wait_h setsid _exit);

# How many seconds a program that was left behind may hold the outputs of one that has ended.
my $LEFT_BEHIND = 1;

# Whatever ends is taken in, orphans too: a server that was stopped has to be gone.
my %ended;
$SIG{CHLD} = sub {
    local ($?, $!);
    while ((my $pid = waitpid(-1, WNOHANG)) > 0) { $ended{$pid} = $? }
};

sub get {
    my ($length) = @_;
    my $bytes = '';
    while (length $bytes < $length) {
        my $count = sysread STDIN, $bytes, $length - length $bytes, length $bytes;
        next if !defined $count && $!{EINTR};
        exit 0 if !$count;
    }
    return $bytes;
}

sub number { return unpack 'N', get(4) }

sub text { return get(number()) }

sub put {
    my ($bytes) = @_;
    while (length $bytes) {
        my $count = syswrite STDOUT, $bytes;
        next if !defined $count && $!{EINTR};
        exit 1 if !$count;
        substr $bytes, 0, $count, '';
    }
}

sub child {
    my ($work) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    $SIG{CHLD} = 'DEFAULT';
    $work->();
    _exit(127);
}

while (1) {
    my $account = text();
    my @words = map { text() } 1 .. number();
    my $input = number() ? text() : undef;

    my (undef, undef, $uid, $gid) = getpwnam $account or die "no account $account";
    my @become = ('setpriv', "--reuid=$uid", "--regid=$gid", '--init-groups');
    my ($in, $to_in);
    if (defined $input) {
        pipe $in, $to_in or die "pipe: $!";
        chown $uid, $gid, $in;
        child(sub {
            close $in;
            syswrite $to_in, $input, length $input;
        });
        close $to_in;
    }
    else {
        open $in, '<', '/dev/null' or die "/dev/null: $!";
    }
    pipe my $out, my $to_out or die "pipe: $!";
    pipe my $err, my $to_err or die "pipe: $!";
    # /dev/stderr opens the pipe anew, which only its owner may.
    chown $uid, $gid, $to_out, $to_err;
    my $pid = child(sub {
        setsid();
        chdir '/';
        POSIX::dup2(fileno $in, 0);
        POSIX::dup2(fileno $to_out, 1);
        POSIX::dup2(fileno $to_err, 2);
        exec @become, @words;
    });
    close $_ for $in, $to_out, $to_err;

    my %said = ($out => '', $err => '');
    my %open = ($out => $out, $err => $err);
    my $until;
    while (%open) {
        $until //= time + $LEFT_BEHIND if exists $ended{$pid};
        last if defined $until && time > $until;
        my $ready = '';
        vec($ready, fileno $_, 1) = 1 for values %open;
        next if select($ready, undef, undef, 0.2) <= 0;
        for my $pipe (grep { vec $ready, fileno $_, 1 } values %open) {
            my $count = sysread $pipe, $said{$pipe}, 65536, length $said{$pipe};
            delete $open{$pipe} if defined $count && $count == 0;
        }
    }
    while (!exists $ended{$pid}) {
        $ended{$pid} = $? if waitpid($pid, 0) == $pid;
    }
    my $status = delete $ended{$pid};
    my $code = $status & 127 ? 128 + ($status & 127) : $status >> 8;
    put(pack 'N N/a* N/a*', $code, $said{$out}, $said{$err});
}
