/** The files of the bundled models, by folder and name, with their sizes in bytes; put in by the build. */
declare const __BUNDLED_FILES__: Readonly<Record<string, Readonly<Record<string, number>>>>;
/** Names this build, so that a cache of another one is known as old. */
declare const __BUILD__: string;
