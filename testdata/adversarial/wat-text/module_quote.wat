;; attack: a module in a string in the text
;; expect: error | module

(module quote "(func)")
