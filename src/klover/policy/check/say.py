"""How the parts of the check put what they found: each names the file of the policy."""

from klover.policy.finding import Finding, Severity
from klover.policy.model import Policy


def finding(policy: Policy, severity: Severity, line: int, message: str, mend: str) -> Finding:
    """Put a finding at a line of the policy's file."""
    return Finding(severity=severity, file=policy.file, line=line, message=message, mend=mend)


def warning(policy: Policy, line: int, message: str, mend: str) -> Finding:
    """Put a finding that wants somebody's eyes."""
    return finding(policy, Severity.WARNING, line, message, mend)
