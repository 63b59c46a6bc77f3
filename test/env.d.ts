/** Whether ../shared lies beside the checkout (golden data, hostile files); set in vite.config.ts. */
declare const __HAS_SHARED__: boolean;
/** Whether this is `npm run test:long`. */
declare const __LONG__: boolean;
