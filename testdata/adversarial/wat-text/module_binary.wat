;; attack: a binary module in the text
;; expect: error | module

(module binary "\00asm\01\00\00\00")
