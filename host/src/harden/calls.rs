//! seccomp: which system calls. What is not listed answers "no such call", which libraries take for an old kernel.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use super::Needs;

/// Memory, threads, time, signals to itself: what every process here needs.
const BASE: &[i64] = &[
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    libc::SYS_memfd_create,
    libc::SYS_mincore,
    libc::SYS_mlock,
    libc::SYS_munlock,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_getcpu,
    libc::SYS_getrandom,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_prlimit64,
    libc::SYS_getrlimit,
    libc::SYS_setrlimit,
    libc::SYS_prctl,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_times,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_restart_syscall,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_fcntl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_ioctl,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
];

/// Files, pipes, waiting for several things at once, and, to a degree, processes: what a server needs.
const SERVER: &[i64] = &[
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fstatfs,
    libc::SYS_statfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_unlinkat,
    libc::SYS_mkdirat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_umask,
    libc::SYS_utimensat,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_pipe2,
    libc::SYS_eventfd2,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_socketpair,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_add_watch,
    libc::SYS_inotify_rm_watch,
    libc::SYS_kill,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
];

/// Names that only older processors have.
#[cfg(target_arch = "x86_64")]
const OLDER: &[i64] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_getdents,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_dup2,
    libc::SYS_arch_prctl,
    libc::SYS_time,
    libc::SYS_chmod,
    libc::SYS_link,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[i64] = &[];

/// Kinds of sockets: within the machine, the two of the internet, and the one that tells which addresses there are.
const DOMAINS: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

/// System calls, each with conditions on its arguments of which one has to hold, or none.
type Calls = BTreeMap<i64, Vec<SeccompRule>>;

/// What a server needs.
pub fn server(needs: &Needs) -> Result<Calls, seccompiler::BackendError> {
    let mut calls: Calls = [BASE, SERVER, OLDER].concat().into_iter().map(|call| (call, Vec::new())).collect();
    let domain = |domain: i32| {
        let number = u64::try_from(domain).unwrap_or_default();
        SeccompRule::new(vec![SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, number)?])
    };
    if needs.listens || needs.connects {
        let sockets: Result<Vec<_>, _> = DOMAINS.into_iter().map(domain).collect();
        calls.insert(libc::SYS_socket, sockets?);
        calls.insert(libc::SYS_connect, Vec::new());
    }
    if needs.listens {
        calls.extend(
            [libc::SYS_bind, libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4].map(|call| (call, Vec::new())),
        );
    } else if needs.connects {
        // Who asks for names binds a socket to learn its own addresses.
        calls.insert(libc::SYS_bind, Vec::new());
    }
    if needs.compiles {
        calls.insert(libc::SYS_execve, Vec::new());
        // What a process does between fork and exec.
        calls.extend([libc::SYS_chdir, libc::SYS_setpgid, libc::SYS_setsid].map(|call| (call, Vec::new())));
        #[cfg(target_arch = "x86_64")]
        calls.insert(libc::SYS_vfork, Vec::new());
    }
    Ok(calls)
}

/// What the process that compiles needs: it has its input and its output already.
pub fn compiler() -> Result<Calls, seccompiler::BackendError> {
    let polls = [libc::SYS_ppoll, libc::SYS_pread64, libc::SYS_newfstatat, libc::SYS_statx];
    #[cfg(target_arch = "x86_64")]
    let own = [libc::SYS_poll, libc::SYS_arch_prctl];
    #[cfg(not(target_arch = "x86_64"))]
    let own = [];
    Ok(BASE.iter().copied().chain(polls).chain(own).map(|call| (call, Vec::new())).collect())
}

/// Lets this thread and those that it starts make no other calls than these.
pub fn restrict(calls: &Result<Calls, seccompiler::BackendError>) -> Result<String, String> {
    let calls = calls.as_ref().map_err(ToString::to_string)?;
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let refused = SeccompAction::Errno(u32::try_from(libc::ENOSYS).unwrap_or_default());
    let filter = SeccompFilter::new(calls.clone(), refused, SeccompAction::Allow, architecture);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(|error| error.to_string())?;
    seccompiler::apply_filter(&program).map_err(|error| error.to_string())?;
    Ok(format!("on, {} known ones", calls.len()))
}
