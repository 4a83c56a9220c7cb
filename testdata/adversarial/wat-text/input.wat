;; attack: a command of scripts that reads a file
;; expect: error

(input "/etc/passwd")
