;; attack: a loop whose only way back is a br_table with a computed target
;; expect: exhausted fuel
(module
  (func (export "_start") (local i32)
    (loop $l
      (block $a (block $b
        (local.set 0 (i32.add (local.get 0) (i32.const 7)))
        (br_table $l $l $b $l $l (i32.and (local.get 0) (i32.const 3))))
        (br $l))
      (br $l))))
