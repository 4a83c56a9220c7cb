# attack: 50,000 invalid escapes, a warning each
# expect: completed | exhausted output
# because: whether the guest prints its warnings or reports the first few is its own choice; both are bounded
# expand: ESCAPES 50000 "'\\d';"
@@ESCAPES@@
