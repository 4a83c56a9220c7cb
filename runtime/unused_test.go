package runtime_test

import (
	"strings"
	"testing"

	"wand/compiler"
	"wand/runtime"
)

// An import that fails is left out only when the program cannot tell.
func TestUnusedImports(t *testing.T) {
	rt := sharedRuntime(t)
	type program struct {
		name, text string
		spared     bool
		strict     bool
	}
	python := []program{
		{name: "unused", text: "import numpy\nprint(1)", spared: true},
		{name: "unused by another name", text: "import numpy as np\nprint(1)", spared: true},
		{name: "unused part", text: "from sklearn.linear_model import (\n    LinearRegression,\n    Ridge as R,\n)\nprint(1)", spared: true},
		{name: "unused submodule", text: "import scipy.stats as st, math\nprint(math.pi)", spared: true},
		{name: "after definitions", text: "'''doc'''\nimport os\nLIMIT = 3\ndef f(x=1):\n    return x\nimport pandas as pd  # tables\nprint(f())", spared: true},
		{name: "assigned over", text: "import numpy as np\nnp = 3", spared: true},
		{name: "attribute of the same name", text: "import numpy as np\nclass A:\n    pass\na = A()\na.np = 1\nprint(a.np)", spared: true},
		{name: "not wanted: strict", text: "import numpy\nprint(1)", strict: true},
		{name: "used", text: "import numpy as np\nprint(np.pi)"},
		{name: "used in a function that is never called", text: "import numpy as np\ndef f():\n    return np.pi\nprint(1)"},
		{name: "deleted", text: "import numpy\ndel numpy"},
		{name: "added to", text: "import numpy as np\nnp += 1"},
		{name: "annotation", text: "import numpy as np\ndef f(x: np.ndarray):\n    pass"},
		{name: "annotation in quotes", text: "import numpy as np\ndef f(x: 'np.ndarray'):\n    pass"},
		{name: "everything of it", text: "from numpy import *\nprint(1)"},
		{name: "caught", text: "try:\n    import numpy\nexcept ImportError:\n    raise SystemExit('fallback')"},
		{name: "caught further out", text: "try:\n    x = 1\n    import numpy\nfinally:\n    print('finally')"},
		{name: "suppressed", text: "import contextlib\nwith contextlib.suppress(ImportError):\n    import numpy\nraise SystemExit('went on')"},
		{name: "in a function", text: "def f():\n    import numpy\nf()"},
		{name: "imported twice", text: "import numpy\ndef f():\n    import numpy\nf()"},
		{name: "globals", text: "import numpy as np\nprint('np' in globals())"},
		{name: "getattr", text: "import numpy as np\nimport sys\nprint(getattr(sys.modules['__main__'], 'np'))"},
		{name: "eval", text: "import numpy as np\nprint(eval('np'))"},
		{name: "importlib", text: "import importlib\nimport numpy\nprint(importlib.import_module('numpy'))"},
		{name: "a module that the program makes", text: "open('numpy.py', 'w').write('print(\"made\")')\nimport numpy\nraise SystemExit('made')"},
		{name: "another statement on the line", text: "import numpy; print(1)"},
		{name: "the program's own result", text: "from numpy import result\n"},
	}
	for _, p := range python {
		t.Run("python/"+p.name, func(t *testing.T) { checkSpared(t, rt, compiler.Python, p.text, p.spared, p.strict) })
	}
	javascript := []program{
		{name: "require", text: "const _ = require('lodash');\nconsole.log(1);", spared: true},
		{name: "require of parts", text: "'use strict';\nconst { chunk, zip: zipped } = require('lodash');\nconsole.log(1);", spared: true},
		{name: "import", text: "import axios from 'axios';\nimport * as fs from 'fs';\nconsole.log(typeof fs);", spared: true},
		{name: "import of parts", text: "// a comment\nimport { get, post as send } from 'axios';\nconsole.log(1);", spared: true},
		{name: "strict", text: "const _ = require('lodash');\nconsole.log(1);", strict: true},
		{name: "used", text: "const _ = require('lodash');\nconsole.log(_.VERSION);"},
		{name: "used in a string", text: "const lodash = require('lodash');\nconsole.log('lodash');"},
		{name: "used in a template", text: "const zip = require('zipper');\nconsole.log(`${zip}`);"},
		{name: "caught", text: "try {\nconst _ = require('lodash');\n} catch (e) { throw new Error('fallback'); }"},
		{name: "eval", text: "const lodash = require('lodash');\neval('1');"},
		{name: "for its effects", text: "import 'dotenv';\nconsole.log(1);"},
		{name: "exported", text: "import { a } from 'axios';\nexport const b = 1;"},
		{name: "after something else", text: "console.log(1);\nconst _ = require('lodash');"},
		{name: "twice", text: "const a = require('lodash');\nconst b = require('lodash');"},
	}
	for _, p := range javascript {
		t.Run("javascript/"+p.name, func(t *testing.T) { checkSpared(t, rt, compiler.JavaScript, p.text, p.spared, p.strict) })
	}
}

func checkSpared(t *testing.T, rt *runtime.Runtime, language compiler.Language, text string, spared, strict bool) {
	t.Helper()
	r := start(t, rt, language, text, runtime.Options{Strict: strict})
	warned := false
	for _, w := range r.Warnings {
		warned = warned || w.Kind == runtime.WarnUnusedImport
	}
	if warned != spared || (r.Status == runtime.Completed) != spared {
		t.Errorf("%s, with a warning: %v\n%s", r.Status, warned, r.Feedback(0))
	}
}

// In a later turn of a session the name may be used after all: then it is the error that the import would have been.
func TestStubOfAnUnusedImport(t *testing.T) {
	rt := sharedRuntime(t)
	s, err := rt.NewSession(t.Context(), runtime.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, use := range []string{"np.zeros(3)", "np(1)", "np + 1", "str(np)", "for x in np: pass", "np[0]", "np.x = 1", "bool(np)", "isinstance(np, int)"} {
		m, diagnostics, err := rt.Compile(t.Context(), s.Source("import numpy as np\nimport math"))
		if err != nil || m == nil {
			t.Fatal(err, diagnostics)
		}
		if r, err := s.Run(t.Context(), m, runtime.TurnOptions{}); err != nil || r.Status != runtime.Completed {
			t.Fatal(err, r.Feedback(0))
		}
		m, diagnostics, err = rt.Compile(t.Context(), s.Source(use))
		if err != nil || m == nil {
			t.Fatal(err, diagnostics)
		}
		r, err := s.Run(t.Context(), m, runtime.TurnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != runtime.Failed || !strings.Contains(r.Error.Message, "No module named 'numpy'") {
			t.Errorf("%s: %s", use, r.Feedback(0))
		}
	}
}
