function load(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error('the settings are broken', { cause: error });
  }
}

load("{'a': 1}");
